using System.Globalization;

namespace Morag.Failover.Node.Stores;

/// <summary>What a node makes of a Redis, knowing what it knows.</summary>
internal abstract record StoreVerdict
{
    /// <summary>It holds this node's journal, whole.</summary>
    public sealed record Same : StoreVerdict;

    /// <summary>It is empty, and nothing says that it should not be.</summary>
    public sealed record Empty : StoreVerdict;

    /// <summary>It holds a journal that this node may take for its own.</summary>
    /// <param name="Why">Worth a line in the log; null where it is not.</param>
    public sealed record Other(string? Why) : StoreVerdict;

    /// <summary>Data is missing, or is not this node's.</summary>
    /// <param name="What">What is wrong, as a clause.</param>
    public sealed record Lost(string What) : StoreVerdict;
}

/// <summary>Compares what Redis holds with what a node has recorded. Pure.</summary>
internal static class StoreComparison
{
    /// <summary>At a node's start.</summary>
    public static StoreVerdict AtStart(FoundStore found, RecordedJournal? recorded) => (found.JournalId, recorded) switch
    {
        (null, null) when found.HasData => new StoreVerdict.Lost($"it holds events of a journal, but not its id ({FoundStore.JournalIdKey})"),
        (null, null) => new StoreVerdict.Empty(),
        (not null, null) => new StoreVerdict.Other(null),
        (_, { } known) => Compare(found, known),
    };

    /// <summary>While a node runs, or for one that knows its journal.</summary>
    public static StoreVerdict Compare(FoundStore found, RecordedJournal known)
    {
        if (found.JournalId is null)
        {
            return new StoreVerdict.Lost(found.HasData
                ? $"it holds events, but not the id ({FoundStore.JournalIdKey}) of journal {known.JournalId}: keys were removed or evicted"
                : $"it is empty, but held journal {known.JournalId} with {Calls(known.Writes)} on {Text(known.SeenAt)}: it was emptied, or is another Redis");
        }

        if (found.JournalId != known.JournalId)
        {
            return found.Replaced.Contains(known.JournalId)
                ? new StoreVerdict.Other($"journal {known.JournalId} was replaced by {found.JournalId} on purpose, on another node")
                : new StoreVerdict.Lost($"it holds journal {found.JournalId}, but this node's is {known.JournalId}: it is another Redis");
        }

        if (known.Damage is { } damage)
        {
            return new StoreVerdict.Lost($"journal {known.JournalId} is damaged: {damage}");
        }

        return found.Writes < known.Writes
            ? new StoreVerdict.Lost(
                $"it holds an older state of journal {known.JournalId}: {Calls(found.Writes)}, but there were {Calls(known.Writes)} before {Text(known.SeenAt)}")
            : new StoreVerdict.Same();
    }

    private static string Calls(long writes) => string.Create(CultureInfo.InvariantCulture, $"{writes:N0} writes");

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("u", CultureInfo.InvariantCulture);
}
