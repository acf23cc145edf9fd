using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Settings;

/// <summary>One queue.</summary>
public sealed record QueueDefinition
{
    /// <summary>The queue's name.</summary>
    public required QueueName Name { get; init; }

    /// <summary>Whether GPU workers serve it (else CPU workers do); hybrid workers serve both.</summary>
    public required bool Gpu { get; init; }

    /// <summary>Where its tasks go when it fails them; null ends the chain.</summary>
    public QueueName? FallsBackTo { get; init; }

    /// <summary>The most tasks that one worker may hold from it, 1 to 10,000.</summary>
    public required int PerWorker { get; init; }

    /// <summary>Its share when a worker serves several queues, above 0 and at most 1,000.</summary>
    public required double Weight { get; init; }

    /// <summary>How long a lease may run, 1 s to 30 days.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Which of the waiting workers gets a task.</summary>
    public Placement Placement { get; init; } = Placement.Spread;

    /// <summary>How long its tasks wait for an available worker before they move, 1 s to 30 days; null for the time that holds for all queues.</summary>
    public TimeSpan? UnservedAfter { get; init; }
}

/// <summary>Which of several waiting workers gets a task.</summary>
public enum Placement
{
    /// <summary>The one with the largest free share of its slots, so that all get work in turn.</summary>
    Spread = 1,

    /// <summary>The one with the smallest free share, so that as many as possible stay idle and can be switched off.</summary>
    Pack = 2,
}

/// <summary>The queues, and how tasks live in them.</summary>
public sealed record QueueSettings
{
    /// <summary>The queues, in the order of their weight.</summary>
    public ImmutableArray<QueueDefinition> Definitions { get; init; } =
    [
        new() { Name = new("gpu_priority"), Gpu = true, FallsBackTo = new("gpu_fallback"), PerWorker = 2, Weight = 1.0, Timeout = TimeSpan.FromMinutes(120) },
        new() { Name = new("gpu_fallback"), Gpu = true, FallsBackTo = new("cpu_standard"), PerWorker = 3, Weight = 0.7, Timeout = TimeSpan.FromMinutes(180) },
        new() { Name = new("cpu_standard"), Gpu = false, FallsBackTo = new("cpu_batch"), PerWorker = 4, Weight = 0.5, Timeout = TimeSpan.FromMinutes(60) },
        new() { Name = new("cpu_batch"), Gpu = false, FallsBackTo = null, PerWorker = 8, Weight = 0.2, Timeout = TimeSpan.FromMinutes(300) },
    ];

    /// <summary>
    /// How long a task waits in a queue that no available worker serves before it moves to the next that is served, 1 s to 30 days. A queue
    /// may have its own.
    /// </summary>
    public TimeSpan UnservedAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long after its delay a retry stays pinned to its worker, 0 to 24 h.</summary>
    public TimeSpan PinLapse { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The most tasks of one partition that have not ended, 1 to 10,000,000.</summary>
    public int MaxTasks { get; init; } = 200_000;

    /// <summary>The most bytes of payloads, quality settings and results that one partition holds, in UTF-8, 1 MiB or more.</summary>
    public long MaxBytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>
    /// The most bytes of one payload or result as compact JSON in UTF-8, <see cref="TaskLimits.LeastMaxPayloadBytes"/> to
    /// <see cref="TaskLimits.MostMaxPayloadBytes"/>.
    /// </summary>
    public int MaxPayload { get; init; } = TaskLimits.DefaultMaxPayloadBytes;

    /// <summary>How many ended tasks one partition remembers, 0 to 1,000,000.</summary>
    public int FinishedKept { get; init; } = 20_000;

    /// <summary>The most bytes in UTF-8 that ended tasks may hold in one partition.</summary>
    public long FinishedBytesKept { get; init; } = 64L * 1024 * 1024;

    /// <summary>How long ended tasks are remembered at the most, 1 min to 365 days.</summary>
    public TimeSpan FinishedKeptFor { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How many history entries one task keeps, 10 to 1,000; the first and the last stay.</summary>
    public int HistoryKept { get; init; } = 50;

    /// <summary>How long outcomes gather before they go to a worker's entity, 0 to 10 s. Longer is fewer writes, shorter is fresher scores.</summary>
    public TimeSpan OutcomeInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>After how long an unanswered message between entities is sent again, 100 ms to 1 min.</summary>
    public TimeSpan ResendAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The share of a lease's running time that its worker may be silent before a loss takes it away, 0 to 1.</summary>
    public double LeaseProtection { get; init; } = 0.05;

    /// <summary>How long a queue's tasks wait for an available worker before they move to the next queue that is served.</summary>
    public TimeSpan UnservedAfterOf(QueueDefinition queue) => queue.UnservedAfter ?? UnservedAfter;

    /// <summary>The definition of a queue, or null.</summary>
    public QueueDefinition? Find(QueueName name)
    {
        foreach (var definition in Definitions)
        {
            if (definition.Name == name)
            {
                return definition;
            }
        }

        return null;
    }

    /// <summary>The queues after this one in its chain, nearest first; a chain that bites its tail ends there.</summary>
    public ImmutableArray<QueueDefinition> ChainAfter(QueueName name)
    {
        var chain = ImmutableArray.CreateBuilder<QueueDefinition>();
        var next = Find(name)?.FallsBackTo;
        while (next is { } queue && Find(queue) is { } definition && queue != name && !chain.Contains(definition))
        {
            chain.Add(definition);
            next = definition.FallsBackTo;
        }

        return chain.ToImmutable();
    }
}
