using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster.Tools.Client;
using Akka.Configuration;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Security;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Akka;

/// <summary>
/// Sends the messages of the contracts through Akka.NET's <c>ClusterClient</c>. It has no sessions: workers learn of lost leases from their
/// heartbeats, and the cluster notices a dead worker by its silence.
/// </summary>
public sealed class ClusterClientTransport : IMoragTransport
{
    // The limit of the nodes, for messages in both directions.
    private const int FrameBytes = 5 * 1024 * 1024;

    private static readonly TimeSpan DisposeLimit = TimeSpan.FromSeconds(10);

    private readonly ActorSystem system;
    private readonly IActorRef client;
    private readonly MessageRoutes routes;

    /// <summary>Starts an actor system that connects to the cluster.</summary>
    /// <exception cref="ArgumentException">An option breaks a rule. The message names it.</exception>
    /// <exception cref="CertificateRefusedException">A file of <see cref="MoragClusterClientOptions.Tls"/> cannot be used.</exception>
    public ClusterClientTransport(MoragClusterClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.BrokenRules().FirstOrDefault() is { } rule)
        {
            throw new ArgumentException(rule, nameof(options));
        }

        routes = new MessageRoutes(options.QueuePartitions, options.DirectoryBuckets);
        system = ActorSystem.Create("morag-client", SetupOf(options));
        client = system.ActorOf(ClusterClient.Props(ClusterClientSettings.Create(system)), "morag");
    }

    /// <inheritdoc />
    public string Name => "akka";

    /// <inheritdoc />
    public bool HasSessions => false;

    /// <inheritdoc />
    public async Task<IWireMessage> AskAsync(IWireMessage message, TimeSpan timeout, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message is RegisterWorker register)
        {
            // Asked first, so that a worker that is refused starts no entity.
            _ = Accepted(await AskOneAsync(routes.Admission(register), timeout, cancellation));
        }

        var parts = routes.Split(message);
        var replies = await Task.WhenAll(parts.Select(part => AskOneAsync(part.Routed, timeout, cancellation)));
        var reply = replies is [var only] ? MessageRoutes.AllRefused(only) ?? only : MessageRoutes.Join(parts, replies);
        return Accepted(reply);
    }

    /// <inheritdoc />
    public IAsyncEnumerable<ISessionSignal> OpenSessionAsync(OpenSession session, CancellationToken cancellation) =>
        throw new NotSupportedException("ClusterClient has no sessions. Its tunnel for replies closes after 30 s without one");

    /// <inheritdoc />
    public IAsyncEnumerable<LiveEvent> OpenEventsAsync(CancellationToken cancellation) => throw new NotSupportedException(
        "ClusterClient carries no live events, because the nodes answer its messages and send none on their own. Use HttpTransport");

    /// <inheritdoc />
    public async ValueTask DisposeAsync() => await system.Terminate();

    /// <summary>Terminates the actor system, and waits up to 10 seconds for its end.</summary>
    public void Dispose() => system.Terminate().Wait(DisposeLimit);

    private static ActorSystemSetup SetupOf(MoragClusterClientOptions options)
    {
        var plain = BootstrapSetup.Create();
        if (options.Tls is null)
        {
            return ActorSystemSetup.Create(plain.WithConfig(ConfigOf(options, "akka.tcp")));
        }

        var tls = ClusterTls.Load(options.Tls, TimeProvider.System);
        return plain.WithConfig(ClusterTls.Config.WithFallback(ConfigOf(options, ClusterTls.Scheme))).And(tls.Setup);
    }

    private static Config ConfigOf(MoragClusterClientOptions options, string scheme)
    {
        var contacts = string.Join(", ", options.Nodes.Select(node => $"\"{scheme}://morag@{node}/system/receptionist\""));
        return ConfigurationFactory.ParseString($$"""
            akka {
              loglevel = WARNING
              actor.provider = remote
              remote.dot-netty.tcp {
                hostname = "{{options.Hostname}}"
                port = {{options.Port}}
                maximum-frame-size = {{FrameBytes}}b
                send-buffer-size = {{FrameBytes}}b
                receive-buffer-size = {{FrameBytes}}b
              }
              cluster.client.initial-contacts = [{{contacts}}]
            }
            """).WithFallback(FailoverClient.Config);
    }

    private static IWireMessage Accepted(IWireMessage reply) => reply switch
    {
        Refused refused => throw MoragException.Of(refused),
        FailureStale stale => throw MoragException.Of(stale),
        _ => reply,
    };

    private async Task<IWireMessage> AskOneAsync(RoutedMessage routed, TimeSpan timeout, CancellationToken cancellation)
    {
        var limit = timeout + (routed.Message is RequestLeases request ? request.Wait : TimeSpan.Zero);
        try
        {
            return await client.Ask<IWireMessage>(new ClusterClient.Send(routed.Path, routed.Message), limit, cancellation);
        }
        catch (AskTimeoutException)
        {
            // A refusal without an owner says that the outcome is unknown.
            return Refused.Unavailable($"no node answered within {limit.TotalSeconds:0.#} s");
        }
    }
}
