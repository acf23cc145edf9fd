using System.Threading.Channels;
using Akka.Actor;
using Morag.Persistence.Redis.Tests.Conformance;

namespace Morag.Persistence.Redis.Tests.Servers;

/// <summary>Starts ledgers in an actor system, and receives their messages and terminations.</summary>
internal sealed class Driver : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    private readonly Channel<object> _received = Channel.CreateUnbounded<object>();
    private readonly ActorSystem _system;
    private readonly IActorRef _receiver;

    public Driver(ActorSystem system)
    {
        _system = system;
        _receiver = system.ActorOf(Props.Create(() => new Receiver(_received.Writer)));
    }

    public IActorRef Start(string id)
    {
        var ledger = _system.ActorOf(Ledger.Props(id, _receiver));
        _receiver.Tell(new Receiver.WatchLedger(ledger));
        return ledger;
    }

    /// <summary>Waits for the next message, which must have this type.</summary>
    public async Task<T> ExpectAsync<T>() => Assert.IsType<T>(await _received.Reader.ReadAsync().AsTask().WaitAsync(Bound));

    public void Dispose() => _system.Stop(_receiver);

    private sealed class Receiver(ChannelWriter<object> received) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is WatchLedger watch) Context.Watch(watch.Subject);
            else received.TryWrite(message);
        }

        public sealed record WatchLedger(IActorRef Subject);
    }
}
