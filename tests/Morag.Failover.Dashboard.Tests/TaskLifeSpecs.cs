using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Dashboard.Charts;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>The life of a task, read from its history.</summary>
public sealed class TaskLifeSpecs
{
    private static readonly DateTimeOffset Start = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Should_number_the_attempts_of_a_history_that_has_forgotten_its_middle_and_end_each_of_them()
    {
        // 10 attempts, of which the history has the first, the start of the second, and the last two.
        var task = Of(
            attempt: 10,
            TaskState.Leased,
            "submitted", "leased", "lease_ended", "leased", "reassigned", "leased", "lease_ended", "leased");

        var attempts = TaskLife.Attempts(task);

        Assert.Equal([1, 2, 9, 10], attempts.Select(attempt => attempt.Number));
        Assert.Equal(["lease_ended", TaskLife.Forgotten, "lease_ended", null], attempts.Select(attempt => attempt.End));
        Assert.Equal(attempts[1].From, attempts[1].To);
    }

    [Fact]
    public void Should_show_a_gap_in_the_path_where_the_history_has_one()
    {
        var task = Of(attempt: 10, TaskState.Parked, "submitted", "leased", "lease_ended", "parked");

        TaskState?[] path = [TaskState.Queued, TaskState.Leased, null, TaskState.Deciding, TaskState.Parked];
        Assert.Equal(path, TaskLife.Path(task));
    }

    private static TaskInfo Of(int attempt, TaskState state, params string[] history) => new()
    {
        TaskId = new("t-1"),
        Queue = new("cpu_standard"),
        State = state,
        Attempt = attempt,
        History = [.. history.Select((what, index) => new TaskHistoryEntry
        {
            At = Start + TimeSpan.FromMinutes(index),
            What = what,
            WorkerId = new WorkerId("w-1"),
        })],
    };
}
