using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Settings;

/// <summary>A queue.</summary>
public sealed record QueueDefinition
{
    public required QueueName Name { get; init; }

    /// <summary>Whether GPU workers serve it; otherwise CPU workers do. Hybrid workers serve both.</summary>
    public required bool Gpu { get; init; }

    /// <summary>The next queue of its chain, for tasks that fail here; null ends the chain.</summary>
    public QueueName? FallsBackTo { get; init; }

    /// <summary>The most tasks that one worker may hold from it, 1 to 10,000.</summary>
    public required int PerWorker { get; init; }

    /// <summary>Its share when a worker serves several queues, above 0 and at most 1,000.</summary>
    public required double Weight { get; init; }

    /// <summary>How long a lease lasts, 1 s to 30 days.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Which waiting worker gets a task.</summary>
    public Placement Placement { get; init; } = Placement.Spread;

    /// <summary>
    /// How long its tasks wait for an available worker before they move on, 1 s to 30 days; null uses
    /// <see cref="QueueSettings.UnservedAfter"/>.
    /// </summary>
    public TimeSpan? UnservedAfter { get; init; }
}

/// <summary>Which of several waiting workers gets a task.</summary>
public enum Placement
{
    /// <summary>The worker with the largest free share of its slots, so that all workers get work in turn.</summary>
    Spread = 1,

    /// <summary>The worker with the smallest free share, so that as many workers as possible stay idle and can be switched off.</summary>
    Pack = 2,
}

/// <summary>The queues and their limits.</summary>
public sealed record QueueSettings
{
    /// <summary>The queues, by descending weight.</summary>
    public ImmutableArray<QueueDefinition> Definitions { get; init; } =
    [
        new()
        {
            Name = new("gpu_priority"),
            Gpu = true,
            FallsBackTo = new("gpu_fallback"),
            PerWorker = 2,
            Weight = 1.0,
            Timeout = TimeSpan.FromMinutes(120),
        },
        new()
        {
            Name = new("gpu_fallback"),
            Gpu = true,
            FallsBackTo = new("cpu_standard"),
            PerWorker = 3,
            Weight = 0.7,
            Timeout = TimeSpan.FromMinutes(180),
        },
        new()
        {
            Name = new("cpu_standard"),
            Gpu = false,
            FallsBackTo = new("cpu_batch"),
            PerWorker = 4,
            Weight = 0.5,
            Timeout = TimeSpan.FromMinutes(60),
        },
        new()
        {
            Name = new("cpu_batch"),
            Gpu = false,
            FallsBackTo = null,
            PerWorker = 8,
            Weight = 0.2,
            Timeout = TimeSpan.FromMinutes(300),
        },
    ];

    /// <summary>
    /// How long a task waits in a queue without an available worker before it moves to the next queue that has one, 1 s to 30 days. A queue
    /// may override it.
    /// </summary>
    public TimeSpan UnservedAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a retry stays pinned to its worker after its delay, 0 to 24 h.</summary>
    public TimeSpan PinLapse { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The most unfinished tasks of one partition, 1 to 10,000,000.</summary>
    public int MaxTasks { get; init; } = 200_000;

    /// <summary>The most bytes in UTF-8 of payloads, quality settings and results in one partition, 1 MiB or more.</summary>
    public long MaxBytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>
    /// The most bytes of one payload or result as compact JSON in UTF-8, <see cref="TaskLimits.LeastMaxPayloadBytes"/> to
    /// <see cref="TaskLimits.MostMaxPayloadBytes"/>.
    /// </summary>
    public int MaxPayload { get; init; } = TaskLimits.DefaultMaxPayloadBytes;

    /// <summary>How many finished tasks one partition keeps, 0 to 1,000,000.</summary>
    public int FinishedKept { get; init; } = 20_000;

    /// <summary>The most bytes in UTF-8 of finished tasks in one partition.</summary>
    public long FinishedBytesKept { get; init; } = 64L * 1024 * 1024;

    /// <summary>How long finished tasks are kept, 1 min to 365 days.</summary>
    public TimeSpan FinishedKeptFor { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How many history entries one task keeps, 10 to 1,000. The first and the last are never dropped.</summary>
    public int HistoryKept { get; init; } = 50;

    /// <summary>
    /// How long outcomes are collected before they go to a worker's entity, 0 to 10 s. Longer means fewer writes, shorter means fresher
    /// scores.
    /// </summary>
    public TimeSpan OutcomeInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The time after which an unacknowledged message between entities is sent again, 100 ms to 1 min.</summary>
    public TimeSpan ResendAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a lost worker's lease stays protected, as a share of the time it has run, 0 to 1.</summary>
    public double LeaseProtection { get; init; } = 0.05;

    /// <summary>
    /// How much longer a lost worker's lease stays protected when all of its work is done, as a multiple of the protection without
    /// progress, 0 to 9. A part of the work counts in proportion.
    /// </summary>
    public double ProgressProtection { get; init; } = 1;

    /// <summary>
    /// The least time between two stored reports of one task's progress, 0 to 10 min. Reports in between wait in memory, and the newest is
    /// stored.
    /// </summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a queue's tasks wait for an available worker before they move on.</summary>
    public TimeSpan UnservedAfterOf(QueueDefinition queue) => queue.UnservedAfter ?? UnservedAfter;

    /// <summary>The definition of a queue; null if it is not configured.</summary>
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

    /// <summary>The queues after this one in its chain, nearest first. A circular chain ends before it repeats.</summary>
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
