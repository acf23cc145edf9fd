using Akka.Persistence.Journal;

namespace Morag.Persistence.Redis.Tests.Query;

/// <summary>An event that is stored as a <see cref="StoredPair"/> with tags, and replayed as two events.</summary>
public sealed record Pair(string Left, string Right);

/// <summary>Stored form of a <see cref="Pair"/>.</summary>
public sealed record StoredPair(string Both);

/// <summary>An event adapter that changes, tags and splits events.</summary>
public sealed class SplittingAdapter : IEventAdapter
{
    public string Manifest(object evt) => "pair";

    public object ToJournal(object evt)
        => evt is Pair pair ? new Tagged(new StoredPair($"{pair.Left}|{pair.Right}"), ["red", "blue"]) : evt;

    public IEventSequence FromJournal(object evt, string manifest)
        => manifest == "pair"
            ? EventSequence.Create(((StoredPair)evt).Both.Split('|'))
            : throw new ArgumentException($"Not a pair: {manifest}", nameof(manifest));
}
