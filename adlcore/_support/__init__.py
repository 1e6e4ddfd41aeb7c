"""What every room uses: arrays that are checked, options and text, files, pickles, packages that are optional."""
