using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>The failures of one coordinator whose decisions are not made yet, by id and by task.</summary>
public sealed record OpenFailures
{
    /// <summary>No failure.</summary>
    public static readonly OpenFailures None = new();

    /// <summary>The number of failures.</summary>
    public int Count => ById.Count;

    private ImmutableDictionary<FailureId, OpenFailure> ById { get; init; } = ImmutableDictionary<FailureId, OpenFailure>.Empty;

    private ImmutableDictionary<TaskId, ImmutableHashSet<FailureId>> ByTask { get; init; } =
        ImmutableDictionary<TaskId, ImmutableHashSet<FailureId>>.Empty;

    /// <summary>A failure by its id; null when it is not open.</summary>
    public OpenFailure? Find(FailureId id) => ById.GetValueOrDefault(id);

    /// <summary>Adds a failure, or replaces it.</summary>
    public OpenFailures With(OpenFailure failure)
    {
        var task = failure.Failure.TaskId;
        return new OpenFailures
        {
            ById = ById.SetItem(failure.Id, failure),
            ByTask = ByTask.SetItem(task, ByTask.GetValueOrDefault(task, []).Add(failure.Id)),
        };
    }

    /// <summary>Removes a failure.</summary>
    public OpenFailures Without(FailureId id)
    {
        if (Find(id) is not { Failure.TaskId: var task })
        {
            return this;
        }

        var others = ByTask[task].Remove(id);
        return new OpenFailures { ById = ById.Remove(id), ByTask = others.IsEmpty ? ByTask.Remove(task) : ByTask.SetItem(task, others) };
    }

    /// <summary>The failures that wait for a worker's record about their task, each with the record.</summary>
    public ImmutableArray<OpenFailure> Hear(TestimonyReply given) => ByTask.TryGetValue(given.TaskId, out var ids)
        ?
        [
            .. ids
                .Select(id => ById[id])
                .Where(failure => failure.Unheard.Contains(given.Testimony.WorkerId))
                .Select(failure => failure.WithTestimony(given.Testimony)),
        ]
        : [];

    /// <summary>The failures that have waited long enough for records.</summary>
    public ImmutableArray<OpenFailure> Overdue(DateTimeOffset now) =>
        [.. ById.Values.Where(failure => failure.Worker is not null && failure.WaitsUntil <= now)];
}
