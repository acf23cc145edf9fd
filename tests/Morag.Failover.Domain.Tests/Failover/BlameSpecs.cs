using CsCheck;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Tests.Failover;

/// <summary>Broken machines among sound ones: good tasks do not stay parked, bad ones do, and the broken machines are cut off.</summary>
public sealed class BlameSpecs
{
    private const int MostFailuresOfABrokenWorker = 10;
    private const int MostTriesOnSoundWorkers = 3;

    /// <summary>Sound workers, broken ones, slots of each, tasks.</summary>
    private static readonly (int Sound, int Broken, int Slots, int Tasks)[] Fleets =
        [(2, 2, 1, 60), (2, 2, 3, 200), (8, 8, 1, 200), (8, 8, 4, 400), (1, 1, 1, 60), (1, 1, 2, 100), (4, 4, 2, 200)];

    private static readonly Gen<(uint Seed, int Fleet, int EveryBad, int DoneBefore)> Histories =
        Gen.Select(Gen.UInt, Gen.Int[0, Fleets.Length - 1], OneOf(0, 0, 20, 50), OneOf(0, 0, 20, 100));

    [Fact]
    public void Should_park_no_good_task_for_long_and_cut_every_broken_worker_off_in_any_fleet() => Histories.Sample(
        history =>
        {
            var (sound, broken, slots, tasks) = Fleets[history.Fleet];
            var fleet = new SimulatedFleet(history.Seed, sound, broken, slots);

            // Workers may have done well for a while before they break: then their word counted until then.
            fleet.Submit(history.DoneBefore, everyBad: 0);
            fleet.WorkOff(TimeSpan.FromMinutes(10));
            fleet.BreakThoseThatWill();
            fleet.Submit(tasks, history.EveryBad);
            fleet.WorkOff(TimeSpan.FromMinutes(30));
            Hold(fleet, tasks);
        },
        iter: Math.Max(150, Check.Iter),
        print: history => $"{history}: {Fleets[history.Fleet]}");

    /// <summary>Their word counted until they broke, so that they are the likeliest to convict a good task between them.</summary>
    [Fact]
    public void Should_leave_no_good_task_parked_when_workers_that_had_done_well_break_together()
    {
        for (var seed = 1u; seed <= 40; seed++)
        {
            var fleet = new SimulatedFleet(seed, sound: 2, broken: 2, slots: 2);
            fleet.Submit(60, everyBad: 0);
            fleet.WorkOff(TimeSpan.FromMinutes(10));
            fleet.BreakThoseThatWill();
            fleet.Submit(100, everyBad: 0);
            fleet.WorkOff(TimeSpan.FromMinutes(30));
            Assert.Empty(fleet.ParkedGoodTasks);
        }
    }

    private static Gen<int> OneOf(params int[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    private static void Hold(SimulatedFleet fleet, int tasks)
    {
        Assert.True(
            fleet.ParkedGoodTasks.Count() <= tasks / 100,
            $"parked at the end: {string.Join("; ", fleet.ParkedGoodTasks.Select(task => task.ParkedBecause))}");
        Assert.All(
            fleet.Tasks.Except(fleet.BadTasks),
            task => Assert.True(task.State is TaskState.Succeeded or TaskState.Parked, $"{task.TaskId} is {task.State}"));
        Assert.All(fleet.BadTasks, task => Assert.Equal(TaskState.Parked, task.State));
        Assert.All(fleet.Workers.Where(worker => worker.WillBreak), worker => Assert.True(
            worker.FailuresUntilOpen <= MostFailuresOfABrokenWorker && (
                worker.HasOpened || worker.FailuresUntilOpen < MostFailuresOfABrokenWorker),
            $"{worker.Id} failed {worker.FailuresUntilOpen} times, and its breaker {(worker.HasOpened ? "opened" : "did not open")}"));
        Assert.All(
            fleet.Workers.Where(worker => !worker.WillBreak),
            worker => Assert.Equal(Contracts.Workers.BreakerState.Closed, worker.State.Breaker.State));
        var sound = fleet.Workers.Where(worker => !worker.WillBreak).Select(worker => worker.Id).ToHashSet();
        Assert.All(fleet.BadTasks, task =>
        {
            var tries = task.Failures.Select(failure => failure.WorkerId)
                .Where(worker => worker is { } tried && sound.Contains(tried))
                .ToList();
            Assert.True(
                tries.Count <= MostTriesOnSoundWorkers,
                $"{task.TaskId} was tried on {string.Join(", ", task.Failures.Select(failure => failure.WorkerId))}");
        });
    }
}
