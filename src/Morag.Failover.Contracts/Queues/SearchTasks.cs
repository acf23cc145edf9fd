using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>
/// Searches the tasks of one partition with a filter of the search language. The reply is <see cref="TaskMatches"/>, or
/// <see cref="Refused"/> if the filter or the order is invalid or too many searches wait.
/// </summary>
[ProtoContract(Name = "search-tasks")]
public sealed record SearchTasks : IPartitionMessage
{
    /// <summary>The most <see cref="Parts"/>.</summary>
    public const int MaxParts = 20;

    /// <summary>The most characters of all <see cref="Parts"/> together.</summary>
    public const int MaxPartsLength = 1_000;

    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The filter, such as <c>state:parked failures&gt;2</c>; empty for every task.</summary>
    [ProtoMember(2)] public string Filter { get; init; } = "";

    /// <summary>A further condition.</summary>
    [ProtoMember(3)] public TaskFilter Known { get; init; } = new();

    /// <summary>The field to sort by, with a leading <c>-</c> for descending order; empty for ids, ascending.</summary>
    [ProtoMember(4)] public string Sort { get; init; } = "";

    /// <summary>Only tasks after this place in the order; null starts at the beginning.</summary>
    [ProtoMember(5)] public SearchPlace? After { get; init; }

    /// <summary>The most tasks to return, 0 to 1,000. Without tasks, only the count is returned.</summary>
    [ProtoMember(6)] public int Limit { get; init; } = 100;

    /// <summary>Whether to count all matching tasks, also those before <see cref="After"/>.</summary>
    [ProtoMember(7)] public bool Count { get; init; }

    /// <summary>The time by which ages are counted, the same for every partition.</summary>
    [ProtoMember(8)] public required DateTimeOffset At { get; init; }

    /// <summary>
    /// Further filters, at most <see cref="MaxParts"/> with <see cref="MaxPartsLength"/> characters together: how many of the matching
    /// tasks match each is counted too, in the same pass.
    /// </summary>
    [ProtoMember(9)] public ImmutableArray<string> Parts { get; init; } = [];
}

/// <summary>A page of matching tasks.</summary>
[ProtoContract(Name = "task-matches")]
public sealed record TaskMatches : IWireMessage
{
    /// <summary>The tasks, in order.</summary>
    [ProtoMember(1)] public ImmutableArray<QueueEntry> Tasks { get; init; } = [];

    /// <summary>The places of the tasks in the order.</summary>
    [ProtoMember(2)] public ImmutableArray<SearchPlace> Places { get; init; } = [];

    /// <summary>Whether more tasks follow. A page ends at its limit or at <see cref="MessageLimits.MaxGatheredBytes"/>.</summary>
    [ProtoMember(3)] public bool HasMore { get; init; }

    /// <summary>The number of all matching tasks; null unless it was asked for.</summary>
    [ProtoMember(4)] public int? Count { get; init; }

    /// <summary>
    /// The number of matching tasks that match each of <see cref="SearchTasks.Parts"/>; empty unless <see cref="SearchTasks.Count"/> is
    /// set.
    /// </summary>
    [ProtoMember(5)] public ImmutableArray<int> PartCounts { get; init; } = [];
}

/// <summary>The place of a task in a sorted list: the value that it is sorted by, and its id.</summary>
[ProtoContract]
public sealed record SearchPlace
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Whether the task has no such value. Those tasks come last.</summary>
    [ProtoMember(2)] public bool IsMissing { get; init; }

    /// <summary>The value, if it is a number or a time.</summary>
    [ProtoMember(3)] public long Number { get; init; }

    /// <summary>The value, if it is a text.</summary>
    [ProtoMember(4)] public string? Text { get; init; }

    /// <summary>The place of a task in a list that is sorted by id.</summary>
    /// <param name="task">The task.</param>
    public static SearchPlace OfId(TaskId task) => new() { TaskId = task, Text = task.Value };
}

/// <summary>The number of tasks that match a filter.</summary>
public sealed record TaskCount
{
    /// <summary>The number of matching tasks.</summary>
    public required int Count { get; init; }
}
