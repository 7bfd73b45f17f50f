const shapes = comingScene("shapes");
