const kernel = comingScene("kernel");
