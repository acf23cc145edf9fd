using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Tests;

/// <summary>A transport that answers as a test says, and records every message.</summary>
internal sealed class FakeTransport(Func<IWireMessage, IWireMessage> answer) : IMoragTransport
{
    private readonly ConcurrentQueue<IWireMessage> sent = new();
    private readonly Channel<ISessionSignal> signals = Channel.CreateUnbounded<ISessionSignal>();

    private int openSessions;

    public string Name => "fake";

    /// <summary>The number of sessions that are open.</summary>
    public int OpenSessions => Volatile.Read(ref openSessions);

    public bool HasSessions => true;

    /// <summary>Answers a message, or throws.</summary>
    public Func<IWireMessage, CancellationToken, Task<IWireMessage>> Answer { get; set; } =
        (message, _) => Task.FromResult(answer(message));

    public IReadOnlyCollection<IWireMessage> Sent => sent;

    /// <summary>The time limit of the last heartbeat.</summary>
    public TimeSpan HeartbeatLimit { get; private set; }

    public IEnumerable<T> SentOf<T>() => sent.OfType<T>();

    /// <summary>The streams of live events, in the order in which they are opened.</summary>
    public Queue<Func<IAsyncEnumerable<LiveEvent>>> EventStreams { get; } = new();

    /// <summary>Sends a signal to the session.</summary>
    public void Signal(ISessionSignal signal) => Assert.True(signals.Writer.TryWrite(signal));

    public Task<IWireMessage> AskAsync(IWireMessage message, TimeSpan timeout, CancellationToken cancellation)
    {
        HeartbeatLimit = message is Heartbeat ? timeout : HeartbeatLimit;
        sent.Enqueue(message);
        return Answer(message, cancellation);
    }

    public async IAsyncEnumerable<ISessionSignal> OpenSessionAsync(
        OpenSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        _ = Interlocked.Increment(ref openSessions);
        try
        {
            await foreach (var signal in signals.Reader.ReadAllAsync(cancellation))
            {
                yield return signal;
            }
        }
        finally
        {
            _ = Interlocked.Decrement(ref openSessions);
        }
    }

    public IAsyncEnumerable<LiveEvent> OpenEventsAsync(CancellationToken cancellation) => EventStreams.Dequeue()();

    public void Dispose()
    {
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
