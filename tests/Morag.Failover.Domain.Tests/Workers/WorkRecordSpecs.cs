using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Tests.Workers;

/// <summary>
/// What a worker's record says of one failure, marked T. S is a success, F the failure of another task, f that of the same other task
/// each time, E a failure that was excused, s and g a success and a failure at other work.
/// </summary>
public sealed class WorkRecordSpecs
{
    private static readonly WorkerId Worker = new("w");
    private static readonly TaskId Task = new("t");

    /// <summary>Worked out by hand from the formula in docs/decisions.md.</summary>
    [Theory]
    [InlineData("T", 0.5)]
    [InlineData("ST", 0.1928)]
    [InlineData("TS", 0.1928)]
    [InlineData("FT", 0.8072)]
    [InlineData("TF", 0.8072)]
    [InlineData("STS", 0.1135)]
    [InlineData("FTF", 0.8865)]
    public void Should_give_the_chance_that_the_formula_gives(string outcomes, double chance) =>
        Assert.Equal(chance, On(outcomes).ChanceOfFailingGoodTask, 4);

    [Theory]
    [InlineData("SSSSSSSST", 0.10, 0.13)]
    [InlineData("SSSSTSSSS", 0.10, 0.105)]
    [InlineData("FFFFTFFFF", 0.895, 0.90)]
    [InlineData("SSSSTFFFF", 0.47, 0.51)]
    [InlineData("SSSSTFF", 0.4, 0.47)]
    [InlineData("SSSSTF", 0.2, 0.3)]
    [InlineData("FFFFTSSSS", 0.45, 0.55)]
    [InlineData("SSSSET", 0.16, 0.18)]
    [InlineData("SSSSFT", 0.24, 0.26)]
    [InlineData("SSSSfffT", 0.24, 0.26)]
    [InlineData("ssssssFFFT", 0.8, 0.9)]
    [InlineData("SgT", 0.2, 0.4)]
    public void Should_tell_a_sound_worker_from_a_broken_one(string outcomes, double least, double most) =>
        Assert.InRange(On(outcomes).ChanceOfFailingGoodTask, least, most);

    [Fact]
    public void Should_count_other_tasks_once_each_and_none_that_was_excused()
    {
        var testimony = On("SSfTfFESTs");

        Assert.Equal((4, 2, 1, true, Worker), (
            testimony.Succeeded, testimony.FailedOthers, testimony.OutcomesSince, testimony.Remembers, testimony.WorkerId));
    }

    [Fact]
    public void Should_say_so_when_it_does_not_remember_the_failure()
    {
        var testimony = On("SSS");

        Assert.False(testimony.Remembers);
        Assert.Equal((3, 0), (testimony.Succeeded, testimony.OutcomesSince));
        Assert.InRange(testimony.ChanceOfFailingGoodTask, 0.1, 0.2);
    }

    [Fact]
    public void Should_keep_a_bounded_number_of_entries_and_take_successes_in_a_row_together()
    {
        Assert.Equal(4, Record("SSSSFSSSs").Entries.Count);
        Assert.Equal([4, 1, 3, 1], Record("SSSSFSSSs").Entries.Select(entry => entry.Count));
        var full = Record(string.Concat(Enumerable.Repeat("SF", 40)));
        Assert.Equal(WorkRecord.EntriesKept, full.Entries.Count);
        Assert.False(full.With(Of('S', 1_000)).On(Worker, new TaskId("other-1")).Remembers);
    }

    [Fact]
    public void Should_stay_the_same_when_nothing_of_it_is_excused()
    {
        var record = Record("SF");
        var excused = record.Excuse([new FailureId("f-1")]);

        Assert.Same(record, record.Excuse([new FailureId("unknown")]));
        Assert.True(excused.Entries[1].Excused);
        Assert.Same(excused, excused.Excuse([new FailureId("f-1")]));
    }

    private static Testimony On(string outcomes) => Record(outcomes).On(Worker, Task);

    private static WorkRecord Record(string outcomes) =>
        outcomes.Select(Of).Aggregate(WorkRecord.Empty, (record, outcome) => record.With(outcome));

    private static WorkOutcome Of(char outcome, int number) => outcome switch
    {
        'S' => new WorkOutcome { Queue = new("cpu_standard") },
        's' => new WorkOutcome { Queue = new("cpu_batch") },
        'T' => Failed(Task, number),
        'f' => Failed(new TaskId("same"), number),
        'F' => Failed(new TaskId($"other-{number}"), number),
        'g' => Failed(new TaskId($"other-{number}"), number) with { Queue = new("cpu_batch") },
        'E' => Failed(new TaskId($"other-{number}"), number) with { Excused = true },
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };

    private static WorkOutcome Failed(TaskId task, int number) =>
        new() { FailedTask = task, FailureId = new($"f-{number}"), Queue = new("cpu_standard") };
}
