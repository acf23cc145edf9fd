using Akka.Actor;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Node.Http.Events;

/// <summary>
/// Keeps the newest live events of the cluster on this node, so that a reader whose connection broke can continue where it was. Each event
/// is published on the event stream again with its number. Thread-safe.
/// </summary>
internal sealed class RecentEvents
{
    /// <summary>The most events that are kept.</summary>
    public const int MaxEvents = 2000;

    /// <summary>The most bytes that the kept events take, as they are estimated for the wire.</summary>
    public const long MaxBytes = 8 * 1024 * 1024;

    /// <summary>How much the clocks of two nodes may differ.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(10);

    private readonly Lock changing = new();
    private readonly Queue<(NumberedLiveEvent Event, long Bytes)> kept = new();
    private readonly DateTimeOffset since;
    private long bytes;
    private long last;
    private bool dropped;

    public RecentEvents(DateTimeOffset since) => this.since = since;

    /// <summary>Starts to keep the events of an actor system.</summary>
    public static RecentEvents Of(ActorSystem system)
    {
        var recent = new RecentEvents(system.Scheduler.Now);
        system.ActorOf(Props.Create(() => new Keeper(recent)), "recent-events");
        return recent;
    }

    /// <summary>
    /// The events after the one with an id, and whether some in between may be missing. If this node does not have that event, because it
    /// has started since, these are the events from shortly before it on, some of which the reader may have.
    /// </summary>
    public (IReadOnlyList<NumberedLiveEvent> Events, bool MayMiss) After(string id)
    {
        lock (changing)
        {
            var all = kept.Select(entry => entry.Event).ToList();
            var at = all.FindIndex(known => known.Id == id);
            if (at >= 0)
            {
                return (all[(at + 1)..], false);
            }

            var time = NumberedLiveEvent.TimeIn(id) ?? DateTimeOffset.MinValue;
            var oldest = dropped && all.Count > 0 ? all[0].At : since;
            return ([.. all.Where(known => known.At >= time - Skew)], oldest > time - Skew);
        }
    }

    /// <summary>The newest events, oldest first.</summary>
    public IReadOnlyList<NumberedLiveEvent> Last(int count)
    {
        lock (changing)
        {
            return [.. kept.TakeLast(count).Select(entry => entry.Event)];
        }
    }

    /// <summary>Keeps an event, and returns it with its number.</summary>
    public NumberedLiveEvent Add(ILiveEvent happened)
    {
        var size = WireSize.OfObject(happened);
        lock (changing)
        {
            last++;
            var numbered = new NumberedLiveEvent(last, NumberedLiveEvent.IdOf(happened), happened);
            kept.Enqueue((numbered, size));
            bytes += size;
            while (kept.Count > MaxEvents || (bytes > MaxBytes && kept.Count > 1))
            {
                bytes -= kept.Dequeue().Bytes;
                dropped = true;
            }

            return numbered;
        }
    }

    private sealed class Keeper : ReceiveActor
    {
        public Keeper(RecentEvents recent) =>
            Receive<ILiveEvent>(happened => Context.System.EventStream.Publish(recent.Add(happened)));

        protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(ILiveEvent));
    }
}
