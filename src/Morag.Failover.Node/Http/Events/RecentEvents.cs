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

    /// <summary>How much the clocks of two nodes may differ, and how long an event may be under way.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(10);

    private readonly Lock changing = new();
    private readonly Queue<(NumberedLiveEvent Event, long Bytes)> kept = new();
    private readonly Func<DateTimeOffset> clock;
    private DateTimeOffset completeSince;
    private long bytes;
    private long last;

    /// <param name="clock">The clock of this node.</param>
    public RecentEvents(Func<DateTimeOffset> clock)
    {
        this.clock = clock;
        completeSince = clock();
    }

    /// <summary>Starts to keep the events of an actor system.</summary>
    public static RecentEvents Of(ActorSystem system)
    {
        var recent = new RecentEvents(() => system.Scheduler.Now);
        system.ActorOf(Props.Create(() => new Keeper(recent)), "recent-events");
        return recent;
    }

    /// <summary>
    /// The events after the one with an id, and whether some in between may be missing. If it is the id of a failure, its decision is among
    /// them. If this node does not have that event, because it has started since, these are the events that arrived from shortly before it
    /// on, some of which the reader may have.
    /// </summary>
    public (IReadOnlyList<NumberedLiveEvent> Events, bool MayMiss) After(string id)
    {
        lock (changing)
        {
            var all = kept.Select(entry => entry.Event).ToList();
            var at = all.FindIndex(known => known.Id == id || known.FailureId == id);
            if (at >= 0)
            {
                return (all[(all[at].Id == id ? at + 1 : at)..], false);
            }

            // What happened first can arrive last, so the time of the events says nothing about what is missing.
            var from = NumberedLiveEvent.TimeIn(id) is { } time && time > DateTimeOffset.MinValue + Skew
                ? time - Skew
                : DateTimeOffset.MinValue;
            return ([.. all.Where(known => known.ArrivedAt >= from)], completeSince > from);
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
        var added = WireSize.OfObject(happened);
        lock (changing)
        {
            last++;
            var numbered = new NumberedLiveEvent(last, NumberedLiveEvent.IdOf(happened), happened, clock());
            kept.Enqueue((numbered, added));
            bytes += added;
            while (kept.Count > MaxEvents || (bytes > MaxBytes && kept.Count > 1))
            {
                var (oldest, size) = kept.Dequeue();
                bytes -= size;
                completeSince = oldest.ArrivedAt;
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
