using Akka.Persistence;
using Morag.Failover.Actors.Serialization;

namespace Morag.Failover.Actors.Persistence;

/// <summary>
/// Does once what the first owner on a node would wait for: compiles the serializers of what is stored, connects the journal and the
/// snapshot store, and runs a recovery. A node that joins others does it before it joins, because owners that move to it cannot answer
/// meanwhile.
/// </summary>
public static class WarmUp
{
    private const string PersistenceId = "morag-warm-up";

    /// <summary>Runs the warm-up. Nothing is written.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="limit">The longest time. If it is over, owners wait for the rest.</param>
    public static async Task RunAsync(ActorSystem system, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(system);
        var recovered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var owner = system.ActorOf(Props.Create(() => new EmptyOwner(recovered)), "warm-up");
        var compiled = Task.Run(CompileSerializers);
        try
        {
            await Task.WhenAll(recovered.Task, compiled).WaitAsync(limit);
        }
#pragma warning disable CA1031 // Nothing depends on the warm-up. A node must join whatever keeps it from finishing.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            system.Log.Info("The warm-up did not finish ({Why}). Owners that move here may answer late at first.", failure.Message);
        }
        finally
        {
            system.Stop(owner);
        }
    }

    private static void CompileSerializers()
    {
        foreach (var type in WireTypes.Stored.All.Concat(WireTypes.Messages.All))
        {
            ContractsModel.Instance[type].CompileInPlace();
        }
    }

    private sealed class EmptyOwner : UntypedPersistentActor
    {
        private readonly TaskCompletionSource recovered;

        public EmptyOwner(TaskCompletionSource recovered) => this.recovered = recovered;

        public override string PersistenceId => WarmUp.PersistenceId;

        protected override void OnCommand(object message)
        {
        }

        protected override void OnRecover(object message)
        {
            if (message is RecoveryCompleted)
            {
                recovered.TrySetResult();
            }
        }

        // The owners meet the same failure, and report it.
        protected override void OnRecoveryFailure(Exception reason, object? message = null) => recovered.TrySetResult();
    }
}
