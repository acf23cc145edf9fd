using Akka.Actor;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Health;

namespace Morag.Failover.Node.Http;

/// <summary>Marks a call that is answered by the owner of the state, which this node reaches only as an up member of the cluster.</summary>
internal sealed class NeedsOwners
{
    public static readonly NeedsOwners Instance = new();
}

/// <summary>
/// Refuses calls that need an owner while this node is not up in the cluster or is stopping. Without it they would wait for their timeout;
/// the refusal lets clients go to another node at once.
/// </summary>
internal sealed class ServingMiddleware(
    RequestDelegate next, ActorSystem system, JoinProgress progress, IHostApplicationLifetime lifetime)
{
    private readonly Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(system);

    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<NeedsOwners>() is not null && Reason() is var (check, why))
        {
            throw new ProblemException(Problem.NotReady(new Dictionary<string, string> { [check] = why }));
        }

        return next(context);
    }

    private (string Check, string Why)? Reason() =>
        lifetime.ApplicationStopping.IsCancellationRequested ? ("stopping", "the node is stopping")
        : ReadinessCheck.MembershipFailure(cluster, progress) is { } why ? ("cluster", why)
        : null;
}
