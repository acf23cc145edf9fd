using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Morag.Failover.Node.Stores;

/// <summary>What a node records about its journal outside Redis.</summary>
public sealed record RecordedJournal
{
    private const int IdCharactersInToken = 8;

    /// <summary>The journal id.</summary>
    public required string JournalId { get; init; }

    /// <summary>
    /// The number of writes some seconds before <see cref="SeenAt"/>. Redis still has these even if its machine loses power right
    /// afterwards.
    /// </summary>
    public long Writes { get; init; }

    /// <summary>When the node last read the number of writes.</summary>
    public DateTimeOffset SeenAt { get; init; }

    /// <summary>The highest epoch that may have been granted, by queue partition.</summary>
    public ImmutableSortedDictionary<int, long> Epochs { get; init; } = ImmutableSortedDictionary<int, long>.Empty;

    /// <summary>Why the data cannot be trusted; null if it can.</summary>
    public string? Damage { get; init; }

    /// <summary>
    /// The token with which an operator accepts the loss of this journal's data. It differs for each loss, so that a forgotten setting
    /// accepts nothing.
    /// </summary>
    [JsonIgnore]
    public string LossToken =>
        string.Create(CultureInfo.InvariantCulture, $"{JournalId[..Math.Min(IdCharactersInToken, JournalId.Length)]}-{Writes}");

    /// <summary>Merges an earlier record: its writes and damage if it is of the same journal, and in any case its epochs.</summary>
    public RecordedJournal With(RecordedJournal earlier) => this with
    {
        Writes = earlier.JournalId == JournalId ? Math.Max(Writes, earlier.Writes) : Writes,
        Damage = Damage ?? (earlier.JournalId == JournalId ? earlier.Damage : null),
        Epochs = HighestOf(Epochs, earlier.Epochs),
    };

    /// <summary>The highest epoch of each partition.</summary>
    public static ImmutableSortedDictionary<int, long> HighestOf(
        ImmutableSortedDictionary<int, long> some, IEnumerable<KeyValuePair<int, long>> others)
    {
        var highest = some.ToBuilder();
        foreach (var (partition, epoch) in others)
        {
            highest[partition] = Math.Max(epoch, highest.GetValueOrDefault(partition));
        }

        return highest.ToImmutable();
    }
}
