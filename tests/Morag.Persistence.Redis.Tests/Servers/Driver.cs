using System.Threading.Channels;
using Akka.Actor;
using Morag.Persistence.Redis.Tests.Conformance;

namespace Morag.Persistence.Redis.Tests.Servers;

/// <summary>Starts ledgers in an actor system, and hears what they tell and when they end.</summary>
internal sealed class Driver : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    private readonly Channel<object> _heard = Channel.CreateUnbounded<object>();
    private readonly ActorSystem _system;
    private readonly IActorRef _ear;

    public Driver(ActorSystem system)
    {
        _system = system;
        _ear = system.ActorOf(Props.Create(() => new Ear(_heard.Writer)));
    }

    public IActorRef Start(string id)
    {
        var ledger = _system.ActorOf(Ledger.Props(id, _ear));
        _ear.Tell(new Ear.Watch(ledger));
        return ledger;
    }

    /// <summary>The next thing that was heard.</summary>
    public async Task<T> ExpectAsync<T>() => Assert.IsType<T>(await _heard.Reader.ReadAsync().AsTask().WaitAsync(Bound));

    public void Dispose() => _system.Stop(_ear);

    private sealed class Ear(ChannelWriter<object> heard) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is Watch watch) Context.Watch(watch.Subject);
            else heard.TryWrite(message);
        }

        public sealed record Watch(IActorRef Subject);
    }
}
