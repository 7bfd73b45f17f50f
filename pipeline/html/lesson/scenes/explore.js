const explore = comingScene("explore");
