const rub = comingScene("rub");
