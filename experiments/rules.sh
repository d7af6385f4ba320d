# The rules that studies compare, as members of a training configuration. Source it after grid.sh.
#
# Preset `matched` centers advantages and does not divide them by their deviation (Dr. GRPO's advantage), in both
# spaces alike. So `grpo` is the centered rule there, and `grpo-std` is GRPO as it was published.
rules=(prerl nsr-prerl psr-prerl drift-prerl grpo grpo-std nsr-rl psr-rl drift-rl)

# rule NAME: its algorithm with its keys.
rule() {
  case $1 in
    drift-prerl) echo '"algorithm": "drift", "space": "pre-train", "constant_advantage": -1' ;;
    drift-rl) echo '"algorithm": "drift", "space": "post-train", "constant_advantage": -1' ;;
    grpo-std) echo '"algorithm": "grpo", "advantage": "group-std"' ;;
    *) echo "\"algorithm\": \"$1\"" ;;
  esac
}
