using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Morag.Failover.Node.Stores;

/// <summary>What a node knows of its journal besides what is in Redis.</summary>
public sealed record RecordedJournal
{
    private const int IdCharactersInToken = 8;

    /// <summary>The journal's id.</summary>
    public required string JournalId { get; init; }

    /// <summary>
    /// How many calls had written to it, some seconds before <see cref="SeenAt"/>: so many that Redis has them even if its machine lost
    /// power right after.
    /// </summary>
    public long Writes { get; init; }

    /// <summary>When the node last looked.</summary>
    public DateTimeOffset SeenAt { get; init; }

    /// <summary>By partition of the queues: no epoch above this one has been granted.</summary>
    public ImmutableSortedDictionary<int, long> Epochs { get; init; } = ImmutableSortedDictionary<int, long>.Empty;

    /// <summary>Why its data cannot be trusted; null where it can.</summary>
    public string? Damage { get; init; }

    /// <summary>
    /// What an operator has to give to go on without the data that this record is about. It is another one for each loss, so that a setting
    /// that was left behind accepts nothing.
    /// </summary>
    [JsonIgnore]
    public string LossToken => string.Create(CultureInfo.InvariantCulture, $"{JournalId[..Math.Min(IdCharactersInToken, JournalId.Length)]}-{Writes}");

    /// <summary>Both records in one: of the same journal the later one, and in any case the highest epochs of either.</summary>
    public RecordedJournal With(RecordedJournal earlier) => this with
    {
        Writes = earlier.JournalId == JournalId ? Math.Max(Writes, earlier.Writes) : Writes,
        Damage = Damage ?? (earlier.JournalId == JournalId ? earlier.Damage : null),
        Epochs = HighestOf(Epochs, earlier.Epochs),
    };

    /// <summary>The higher one of each.</summary>
    public static ImmutableSortedDictionary<int, long> HighestOf(ImmutableSortedDictionary<int, long> some, IEnumerable<KeyValuePair<int, long>> others)
    {
        var highest = some.ToBuilder();
        foreach (var (partition, epoch) in others)
        {
            highest[partition] = Math.Max(epoch, highest.GetValueOrDefault(partition));
        }

        return highest.ToImmutable();
    }
}
