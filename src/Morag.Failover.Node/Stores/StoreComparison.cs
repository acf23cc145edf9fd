using System.Globalization;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Node.Stores;

/// <summary>The result of comparing a Redis with a node's record.</summary>
internal abstract record StoreVerdict
{
    /// <summary>It holds this node's complete journal.</summary>
    public sealed record Same : StoreVerdict;

    /// <summary>It is empty, as expected for a first start.</summary>
    public sealed record Empty : StoreVerdict;

    /// <summary>It holds another journal that this node can use.</summary>
    /// <param name="Why">The reason, for the log; null at a first start.</param>
    public sealed record Other(string? Why) : StoreVerdict;

    /// <summary>Data is missing or belongs to another journal.</summary>
    /// <param name="What">What is wrong, as a clause.</param>
    public sealed record Lost(string What) : StoreVerdict;
}

/// <summary>Compares the contents of Redis with a node's record.</summary>
internal static class StoreComparison
{
    /// <summary>The comparison at the start of a node.</summary>
    public static StoreVerdict AtStart(FoundStore found, RecordedJournal? recorded) => (found.JournalId, recorded) switch
    {
        (null, null) when found.HasData => new StoreVerdict.Lost($"it holds events but no journal id ({FoundStore.JournalIdKey})"),
        (null, null) => new StoreVerdict.Empty(),
        (not null, null) => new StoreVerdict.Other(null),
        (_, { } known) => Compare(found, known),
    };

    /// <summary>The comparison for a node with a record.</summary>
    public static StoreVerdict Compare(FoundStore found, RecordedJournal known)
    {
        if (found.JournalId is null)
        {
            return new StoreVerdict.Lost(found.HasData
                ? $"it holds events, but the id of journal {known.JournalId} ({FoundStore.JournalIdKey}) is missing: "
                    + "keys were removed or evicted"
                : $"it is empty, but it held journal {known.JournalId} with {Writes(known.Writes)} on {Text(known.SeenAt)}: "
                    + "it was emptied or is a different Redis");
        }

        if (found.JournalId != known.JournalId)
        {
            return found.Replaced.Contains(known.JournalId)
                ? new StoreVerdict.Other($"an operator replaced journal {known.JournalId} with {found.JournalId} on another node")
                : new StoreVerdict.Lost(
                    $"it holds journal {found.JournalId}, but this node's journal is {known.JournalId}: it is a different Redis");
        }

        if (known.Damage is { } damage)
        {
            return new StoreVerdict.Lost($"journal {known.JournalId} is damaged: {damage}");
        }

        return found.Writes < known.Writes
            ? new StoreVerdict.Lost(
                $"it holds an older state of journal {known.JournalId}: {Writes(found.Writes)}, but there were "
                + $"{Writes(known.Writes)} before {Text(known.SeenAt)}")
            : new StoreVerdict.Same();
    }

    private static string Writes(long writes) => Counted.Of(writes, "write");

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("u", CultureInfo.InvariantCulture);
}
