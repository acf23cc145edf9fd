using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Dispatch;

namespace Morag.Failover.Simulation.Nodes;

/// <summary>Runs the mailboxes of every dispatcher of a node in the one loop of the world.</summary>
internal sealed class SimulatedExecutor(string id, SimulatedNode node) : ExecutorService(id)
{
    public override void Execute(IRunnable run) => node.World.Run(node, run);

    public override void Shutdown()
    {
    }

    /// <summary>Named in the configuration; the actor system makes it.</summary>
    internal sealed class Configurator(Config config, IDispatcherPrerequisites prerequisites)
        : ExecutorServiceConfigurator(config, prerequisites)
    {
        public override ExecutorService Produce(string id) => new SimulatedExecutor(id, NodeSetup.Of(Prerequisites.Settings));
    }
}

/// <summary>Gives an actor system its node.</summary>
internal sealed class NodeSetup(SimulatedNode node) : Setup
{
    private SimulatedNode Node { get; } = node;

    public static SimulatedNode Of(ActorSystem system) => Of(system.Settings);

    public static SimulatedNode Of(Settings settings) => settings.Setup.Get<NodeSetup>().Value.Node;
}
