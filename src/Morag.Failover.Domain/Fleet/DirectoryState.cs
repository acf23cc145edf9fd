using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Alerts;
using Morag.Failover.Domain.Sizes;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Fleet;

/// <summary>The workers of one directory bucket, ordered by id.</summary>
public sealed record DirectoryState
{
    /// <summary>
    /// The most unregistered workers that are kept. Beyond that, the longest known are forgotten, with everything stored of them.
    /// </summary>
    public const int NotRegisteredKept = 50_000;

    private static readonly Comparer<WorkerEntry> ById =
        Comparer<WorkerEntry>.Create(static (a, b) => string.CompareOrdinal(a.WorkerId.Value, b.WorkerId.Value));

    /// <summary>No workers.</summary>
    public static readonly DirectoryState Empty = new();

    /// <summary>The counts over the entries.</summary>
    public FleetTally Tally { get; private init; } = FleetTally.Empty;

    private ImmutableSortedSet<WorkerEntry> Entries { get; init; } = ImmutableSortedSet.Create<WorkerEntry>(ById);

    private UnregisteredWorkers NotRegistered { get; init; } = UnregisteredWorkers.Empty;

    /// <summary>The number of known workers, registered or not.</summary>
    public int Count => Entries.Count;

    /// <summary>The entry of a worker; null if there is none.</summary>
    public WorkerEntry? Find(WorkerId worker) => Entries.TryGetValue(Probe(worker), out var entry) ? entry : null;

    /// <summary>Updates an entry. Null if the stored entry is as new or newer.</summary>
    public IStoredEvent? Decide(UpdateWorkerEntry update) =>
        Find(update.Entry.WorkerId) is { } kept && kept.Revision >= update.Entry.Revision && !IsNewLife(update.Entry, kept)
            ? null
            : new WorkerEntryUpdated { Entry = update.Entry };

    /// <summary>Removes the entry of a forgotten worker. Null if it has changed since, or there is none.</summary>
    public IStoredEvent? Decide(WorkerForgotten forgotten) =>
        Find(forgotten.WorkerId) is { GoneSince: not null } kept && kept.Revision == forgotten.Revision
            ? new WorkerEntryForgotten { WorkerId = forgotten.WorkerId }
            : null;

    /// <summary>The workers that have been gone since a time, ordered by id.</summary>
    public IEnumerable<WorkerEntry> GoneSince(DateTimeOffset time) => Entries.Where(entry => entry.GoneSince <= time);

    /// <summary>
    /// The number of unregistered workers beyond <see cref="NotRegisteredKept"/> whose number is above <paramref name="after"/>.
    /// </summary>
    public int CountBeyondKept(long after) => Math.Max(0, NotRegistered.Count - NotRegisteredKept - NotRegistered.CountUpTo(after));

    /// <summary>
    /// The unregistered workers beyond <see cref="NotRegisteredKept"/> whose number is above <paramref name="after"/>, the longest known
    /// first. Numbers are not stored: after a recovery they start at 1 again.
    /// </summary>
    public IEnumerable<(long Number, WorkerEntry Entry)> BeyondKept(long after) =>
        NotRegistered.After(after, CountBeyondKept(after)).Select(place => (place.Number, Find(place.Worker)!));

    /// <summary>Whether a worker is registered, offline or not.</summary>
    public bool IsRegistered(WorkerId worker) => Find(worker) is { } entry && IsRegistered(entry);

    /// <summary>Applies an event.</summary>
    public DirectoryState Apply(IStoredEvent @event) => @event switch
    {
        WorkerEntryUpdated updated => With(updated.Entry),
        WorkerEntryForgotten forgotten => Without(forgotten.WorkerId),
        ClockSetBack setBack => Corrected(setBack.At),
        _ => throw new InvalidOperationException($"{@event.GetType()} is not an event of the directory"),
    };

    /// <summary>The registered workers after an id, ordered by id.</summary>
    public IEnumerable<WorkerEntry> RegisteredAfter(WorkerId? after)
    {
        var start = 0;
        if (after is { } worker)
        {
            var index = Entries.IndexOf(Probe(worker));
            start = index < 0 ? ~index : index + 1;
        }

        for (var i = start; i < Entries.Count; i++)
        {
            if (IsRegistered(Entries[i]))
            {
                yield return Entries[i];
            }
        }
    }

    /// <summary>The registered workers that are lost, have an open breaker, or were lost within the last hour.</summary>
    public TroubledWorkers Troubled(DateTimeOffset now)
    {
        var losses = Tally.LossesSince(now - FleetTally.LossWindow);
        if (losses.IsEmpty && Tally.Counts() is { OfflineWorkers: 0, ActiveCircuitBreakers: 0 })
        {
            return new TroubledWorkers();
        }

        var troubled = from entry in Entries
                       where IsRegistered(entry)
                       let worker = new TroubledWorker
                       {
                           WorkerId = entry.WorkerId,
                           IsLost = entry is { Liveness: Liveness.Offline, OfflineCause: OfflineCause.Missing, Draining: false },
                           BreakerIsOpen = entry.BreakerState == BreakerState.Open,
                           LossesInHour = losses.GetValueOrDefault(entry.WorkerId),
                       }
                       where worker.IsLost || worker.BreakerIsOpen || worker.LossesInHour > 0
                       select worker;
        var (workers, hasMore) = troubled.FirstPage(TroubledWorkers.MaxWorkers, WireSize.Of, MessageLimits.MaxGatheredBytes);
        return new TroubledWorkers { Workers = workers, HasMore = hasMore };
    }

    /// <summary>The state in snapshot parts of at most <paramref name="maxBytes"/> estimated bytes.</summary>
    public IEnumerable<DirectorySnapshot> ToParts(int maxBytes)
    {
        var records = Entries.Cast<object>().Concat(NotRegistered.OldestFirst.Cast<object>()).Concat(Tally.Losses);
        return records.InBatches(WireSize.OfObject, maxBytes).Select(run => new DirectorySnapshot
        {
            Entries = [.. run.OfType<WorkerEntry>()],
            NotRegistered = [.. run.OfType<WorkerId>()],
            Losses = [.. run.OfType<RecentLoss>()],
        });
    }

    /// <summary>Restores the state from its parts.</summary>
    public static DirectoryState FromParts(IReadOnlyList<DirectorySnapshot> parts)
    {
        ImmutableArray<WorkerEntry> entries = [.. parts.SelectMany(part => part.Entries)];
        var tally = FleetTally.Empty;
        foreach (var entry in entries)
        {
            tally = tally.Replaced(null, entry);
        }

        return new DirectoryState
        {
            Entries = entries.ToImmutableSortedSet(ById),
            NotRegistered = UnregisteredWorkers.From(parts.SelectMany(part => part.NotRegistered)),
            Tally = tally.WithLosses(parts.SelectMany(part => part.Losses)),
        };
    }

    /// <summary>Whether a time in the state is later than now.</summary>
    public bool IsDatedAfter(DateTimeOffset now) =>
        Tally.Losses.Any(loss => loss.At > now) || Entries.Any(entry => !ReferenceEquals(entry, Corrected(entry, now)));

    private static WorkerEntry Corrected(WorkerEntry entry, DateTimeOffset now) =>
        entry.LostAt > now || entry.RegisteredAt > now || entry.GoneSince > now
        ? entry with
        {
            LostAt = entry.LostAt > now ? now : entry.LostAt,
            RegisteredAt = entry.RegisteredAt > now ? now : entry.RegisteredAt,
            GoneSince = entry.GoneSince > now ? now : entry.GoneSince,
        }
        : entry;

    private DirectoryState Corrected(DateTimeOffset now) => this with
    {
        Entries = Entries.Select(entry => Corrected(entry, now)).ToImmutableSortedSet(ById),
        Tally = Tally.WithLosses(Tally.Losses.Select(loss => loss.At > now ? loss with { At = now } : loss)),
    };

    private static bool IsRegistered(WorkerEntry entry) => entry is { Registration: not null, Unregistered: false };

    /// <summary>
    /// Whether the entry belongs to a new life: the worker registered, or was reported, again after its entity had forgotten it, so
    /// revisions start over. Within one life, a later time always comes with a higher revision.
    /// </summary>
    private static bool IsNewLife(WorkerEntry entry, WorkerEntry kept) =>
        kept.GoneSince is { } since
        && ((IsRegistered(entry) && entry.RegisteredAt > since && entry.RegisteredAt != kept.RegisteredAt) || entry.GoneSince > since);

    private static WorkerEntry Probe(WorkerId worker) => new() { WorkerId = worker, Revision = 0 };

    private DirectoryState With(WorkerEntry entry)
    {
        var before = Find(entry.WorkerId);
        var state = this with
        {
            Entries = (before is null ? Entries : Entries.Remove(before)).Add(entry),
            Tally = Tally.Replaced(before, entry),
        };
        return IsRegistered(entry) == (before is null || IsRegistered(before)) ? state
            : IsRegistered(entry) ? state with { NotRegistered = NotRegistered.Remove(entry.WorkerId) }
            : state with { NotRegistered = NotRegistered.Add(entry.WorkerId) };
    }

    private DirectoryState Without(WorkerId worker) => Find(worker) is { } entry
        ? this with { Entries = Entries.Remove(entry), NotRegistered = NotRegistered.Remove(worker), Tally = Tally.Replaced(entry, null) }
        : this;
}
