"""A pass: rounds of wallets in liquidation that are taken through a venue's stages."""
