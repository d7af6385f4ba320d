#!/usr/bin/env bash
# Checks align.sbatch on a Slurm of its own: a four-task array with a requeue in the middle has the bits of the undivided run.
# Installs munge, slurmctld and slurmd where they are missing (Debian, as root); skipped with a message where that fails.
# usage: experiments/cluster/check.sh     (PRERL names the program)
set -euo pipefail
cd "$(dirname "$0")/../.."
prerl=$(realpath "${PRERL:-.build/release/prerl}")
script=$PWD/experiments/cluster/align.sbatch

skip() {
  echo "experiments/cluster/check.sh: skipped: $1"
  exit 0
}

((EUID == 0)) || skip "slurmctld and slurmd need root here"
if ! command -v slurmctld >/dev/null || ! command -v slurmd >/dev/null || ! command -v munged >/dev/null; then
  command -v apt-get >/dev/null || skip "no apt-get to install munge, slurmctld and slurmd with"
  echo "Installing munge, slurmctld and slurmd" >&2
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq munge slurmctld slurmd slurm-client; } \
    >/dev/null 2>&1 || skip "apt-get could not install munge, slurmctld and slurmd"
fi

work=$(mktemp -d)
pids=()
cleanup() {
  ((!${#pids[@]})) || kill "${pids[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
mkdir "$work/state" "$work/spool" "$work/run" "$work/munge"
chmod 755 "$work"
chmod 700 "$work/munge"
export SLURM_CONF=$work/slurm.conf
host=$(hostname -s)
cat >"$SLURM_CONF" <<CONF
ClusterName=check
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/run/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmctldPort=26817
SlurmdPort=26818
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/run/slurmctld.pid
SlurmdPidFile=$work/run/slurmd.pid
KillWait=5
MinJobAge=3600
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
dd if=/dev/urandom of="$work/munge/key" bs=128 count=1 status=none
chmod 400 "$work/munge/key"
munged --foreground --force --key-file "$work/munge/key" --socket "$work/run/munge.socket" --pid-file "$work/run/munged.pid" \
  --log-file "$work/munge/log" --seed-file "$work/munge/seed" >"$work/munged.log" 2>&1 &
pids+=($!)
# waits SECONDS COMMAND...: until the command succeeds.
waits() {
  local rest=$(($1 * 5))
  until "${@:2}" >/dev/null 2>&1; do
    ((rest-- > 0)) || return 1
    sleep 0.2
  done
}
waits 10 test -S "$work/run/munge.socket" || skip "munged did not start: $(tail -n 1 "$work/munged.log")"
slurmctld -D >"$work/slurmctld.log" 2>&1 &
pids+=($!)
slurmd -D -N "$host" >"$work/slurmd.log" 2>&1 &
pids+=($!)
is_idle() { [[ $(sinfo --noheader --format %T) == idle ]]; }
waits 30 is_idle || skip "the node did not come up: $(tail -n 1 "$work/slurmctld.log"); $(tail -n 1 "$work/slurmd.log")"

cd "$work"
export PRERL=$prerl
options=(--control breakdown --control random-prompt --bootstrap 200)
"$prerl" rollout --samples 2000 --output rollouts.jsonl --quiet >/dev/null
job=$(sbatch --parsable --array=0-3 --cpus-per-task=1 --output=task-%a.log --export=ALL "$script" rollouts.jsonl parts "${options[@]}")
# In the middle of a task: its journal is there and its result is not.
is_measuring() { [[ -s parts/1.h5.journal && ! -f parts/1.h5 ]]; }
waits 60 is_measuring || { echo "task 1 did not start: $(cat task-1.log 2>/dev/null)" >&2; exit 1; }
sleep 0.5
scontrol requeue "${job}_1"
is_waiting() { [[ $(squeue --noheader --job "${job}_1" --format %T) == PENDING ]]; }
waits 60 is_waiting || { echo "task 1 was not requeued" >&2; exit 1; }
before=$(stat -c %s parts/1.h5.journal 2>/dev/null || echo 0)
echo "task 1 was requeued with a journal of $before bytes"
# Slurm lets a requeued task wait for two minutes.
scontrol update JobId="${job}_1" StartTime=now
is_over() { [[ -z $(squeue --noheader --job "$job" 2>/dev/null) ]]; }
waits 240 is_over || { squeue >&2; exit 1; }
for task in 0 1 2 3; do
  [[ -f parts/$task.h5 ]] || { echo "task $task has no result: $(cat "task-$task.log")" >&2; exit 1; }
done
"$prerl" merge --output merged.h5 parts
"$prerl" align --rollouts rollouts.jsonl --output undivided.h5 --quiet "${options[@]}" >/dev/null
"$prerl" diff merged.h5 undivided.h5
