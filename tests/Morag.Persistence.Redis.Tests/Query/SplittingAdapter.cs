using Akka.Persistence.Journal;

namespace Morag.Persistence.Redis.Tests.Query;

/// <summary>An event that is stored as something else, with tags, and comes back as two.</summary>
public sealed record Pair(string Left, string Right);

/// <summary>What a <see cref="Pair"/> is stored as.</summary>
public sealed record StoredPair(string Both);

/// <summary>Does everything that an event adapter may.</summary>
public sealed class SplittingAdapter : IEventAdapter
{
    public string Manifest(object evt) => "pair";

    public object ToJournal(object evt) => evt is Pair pair ? new Tagged(new StoredPair($"{pair.Left}|{pair.Right}"), ["red", "blue"]) : evt;

    public IEventSequence FromJournal(object evt, string manifest)
        => manifest == "pair" ? EventSequence.Create(((StoredPair)evt).Both.Split('|')) : throw new ArgumentException($"Not a pair: {manifest}", nameof(manifest));
}
