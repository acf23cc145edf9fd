using System.Diagnostics;
using Akka.Actor;
using Akka.Persistence;
using HdrHistogram;

namespace Morag.Persistence.Redis.Benchmarks.Running;

/// <summary>
/// Makes a <see cref="BenchmarkActor"/> write repeatedly, each time after the previous write is stored. The reply is the order.
/// </summary>
/// <param name="Writes">How many writes.</param>
/// <param name="EventsPerWrite">How many events each write has.</param>
/// <param name="Latencies">Records the microseconds from a write to its last handler.</param>
internal sealed record WriteOrder(int Writes, int EventsPerWrite, HistogramBase? Latencies = null);

/// <summary>Asks how many events the actor has; it answers once it has recovered.</summary>
internal sealed record CountEvents
{
    public static CountEvents Instance { get; } = new();
}

/// <summary>A persistent actor that only writes.</summary>
internal sealed class BenchmarkActor(string persistenceId) : UntypedPersistentActor
{
    private WriteOrder _order = new(0, 0);
    private IActorRef _customer = ActorRefs.Nobody;
    private Blob[] _events = [];
    private int _writesLeft;
    private int _handlersLeft;
    private long _askedAt;
    private long _count;

    public override string PersistenceId { get; } = persistenceId;

    protected override void OnRecover(object message)
    {
        if (message is Blob) _count++;
    }

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case CountEvents:
                Sender.Tell(_count);
                break;
            case WriteOrder order:
                _order = order;
                _customer = Sender;
                _writesLeft = order.Writes;
                _events = [.. Enumerable.Repeat(Blob.Event, order.EventsPerWrite)];
                Write();
                break;
            case Next:
                Write();
                break;
        }
    }

    private void Write()
    {
        _writesLeft--;
        _handlersLeft = _events.Length;
        _askedAt = Stopwatch.GetTimestamp();
        if (_events.Length == 1) Persist(_events[0], Stored);
        else PersistAll(_events, Stored);
    }

    private void Stored(Blob stored)
    {
        _count++;
        if (--_handlersLeft > 0) return;
        _order.Latencies?.RecordValue((long)Stopwatch.GetElapsedTime(_askedAt).TotalMicroseconds);
        // The next write begins with a message, as it would with commands from another actor.
        if (_writesLeft > 0) Self.Tell(Next.Instance);
        else _customer.Tell(_order);
    }

    private sealed record Next
    {
        public static Next Instance { get; } = new();
    }
}
