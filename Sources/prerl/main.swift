print("prerl")
