namespace Morag.Failover.Actors.Tests.Owners;

/// <summary>The caller of one message as an owner sees it: an actor of another node, known by its address.</summary>
internal sealed class GatewayCaller(Address node, IActorRefProvider provider) : MinimalActorRef
{
    private readonly TaskCompletionSource<IWireMessage> answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override ActorPath Path { get; } = new RootActorPath(node) / "temp" / Guid.NewGuid().ToString("N");

    public override IActorRefProvider Provider => provider;

    /// <summary>Sends a message and awaits the first answer.</summary>
    public static Task<IWireMessage> AskAsync(
        Address node, IActorRef region, IWireMessage message, ExtendedActorSystem system, TimeSpan most)
    {
        var caller = new GatewayCaller(node, system.Provider);
        region.Tell(message, caller);
        return caller.answered.Task.WaitAsync(most);
    }

    protected override void TellInternal(object message, IActorRef sender) => answered.TrySetResult((IWireMessage)message);
}
