using Akka.Persistence;

namespace Morag.Failover.Simulation.Storage;

/// <summary>What is stored of one owner.</summary>
internal sealed class StoredHistory(bool refusesSecondWriter)
{
    private readonly SortedDictionary<long, StoredBytes> events = [];
    private readonly SortedDictionary<long, StoredBytes> snapshots = [];

    public long Highest { get; private set; }

    /// <summary>Stores the next events, all or none.</summary>
    /// <exception cref="InvalidOperationException">They do not follow the last one: somebody else wrote meanwhile.</exception>
    public void Append(IReadOnlyList<(long SequenceNr, StoredBytes Bytes, IStoredEvent Event)> next)
    {
        if (refusesSecondWriter && next[0].SequenceNr != Highest + 1)
        {
            throw new InvalidOperationException(
                $"event {next[0].SequenceNr} does not follow {Highest}, the last stored one: another node wrote in the meantime");
        }

        foreach (var (sequenceNr, bytes, _) in next)
        {
            events[sequenceNr] = bytes;
            Highest = Math.Max(Highest, sequenceNr);
        }
    }

    public List<(long SequenceNr, StoredBytes Bytes)> Read(long from, long to, long most) =>
        [.. events.Where(item => item.Key >= from && item.Key <= to).Take((int)Math.Min(most, int.MaxValue))
            .Select(item => (item.Key, item.Value))];

    public void RemoveUpTo(long sequenceNr) => RemoveWhere(events, number => number <= sequenceNr);

    public void Save(long sequenceNr, StoredBytes snapshot) => snapshots[sequenceNr] = snapshot;

    public (long SequenceNr, StoredBytes Bytes)? Latest(long upTo) =>
        snapshots.LastOrDefault(saved => saved.Key <= upTo) is { Value: { } found } at ? (at.Key, found) : null;

    public void RemoveSnapshotsUpTo(long sequenceNr) => RemoveWhere(snapshots, number => number <= sequenceNr);

    /// <summary>Removes everything, if nothing was written after a sequence number.</summary>
    public bool Erase(long sequenceNr)
    {
        if (Highest != sequenceNr)
        {
            return false;
        }

        events.Clear();
        snapshots.Clear();
        Highest = 0;
        return true;
    }

    /// <summary>Loses an event if it is the last one.</summary>
    public bool ForgetLast(long sequenceNr)
    {
        if (Highest != sequenceNr || !events.Remove(sequenceNr))
        {
            return false;
        }

        Highest--;
        RemoveWhere(snapshots, number => number >= sequenceNr);
        return true;
    }

    private static void RemoveWhere(SortedDictionary<long, StoredBytes> items, Func<long, bool> which)
    {
        foreach (var number in items.Keys.Where(which).ToList())
        {
            items.Remove(number);
        }
    }
}

/// <summary>One value as it is stored.</summary>
internal sealed record StoredBytes(int SerializerId, string Manifest, byte[] Bytes)
{
    public static StoredBytes Of(object value, ActorSystem system)
    {
        var serializer = system.Serialization.FindSerializerFor(value);
        return new(serializer.Identifier, Akka.Serialization.Serialization.ManifestFor(serializer, value), serializer.ToBinary(value));
    }

    public object Read(ActorSystem system) => system.Serialization.Deserialize(Bytes, SerializerId, Manifest);
}
