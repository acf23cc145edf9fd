namespace Morag.Failover.Actors.Hosting;

/// <summary>Tells other nodes which owners on this node fail.</summary>
internal sealed class AlertReporter : UntypedActor
{
    /// <summary>The actor's name. It is the same on every node, because nodes ask each other.</summary>
    public const string Name = "alert-reporter";

    private readonly OwnerHealth health;

    public AlertReporter(OwnerHealth health) => this.health = health;

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        if (message is GetNodeAlerts)
        {
            Sender.Tell(health.Alerts());
        }
        else
        {
            Unhandled(message);
        }
    }
}
