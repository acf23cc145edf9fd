using Morag.Failover.Actors.Persistence;

namespace Morag.Failover.Actors.Hosting;

/// <summary>Tells other nodes which owners on this node fail, and how its store does.</summary>
internal sealed class AlertReporter : UntypedActor
{
    /// <summary>The actor's name. It is the same on every node, because nodes ask each other.</summary>
    public const string Name = "alert-reporter";

    private readonly OwnerHealth health;
    private readonly Func<double?>? storeUse;
    private readonly StoreWatch store = StoreWatch.Of(Context.System);

    public AlertReporter(OwnerHealth health, Func<double?>? storeUse)
    {
        this.health = health;
        this.storeUse = storeUse;
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        if (message is GetNodeAlerts)
        {
            Sender.Tell(health.Alerts() with { SlowestWrite = store.SlowestWriteLately(), StoreUse = storeUse?.Invoke() });
        }
        else
        {
            Unhandled(message);
        }
    }
}
