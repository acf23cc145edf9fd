using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Remote;
using Akka.Remote.Transport.DotNetty;
using Morag.Failover.Actors.Security;
using Morag.Failover.Node.Tests.Http;
using Morag.Redis.TestServers;

namespace Morag.Failover.Node.Tests.Security;

/// <summary>A system that admits only the certificates of its authority, and others that call it.</summary>
public sealed class ClusterTlsSpecs : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // How long a call that must not be answered is waited for.
    private static readonly TimeSpan Unanswered = TimeSpan.FromSeconds(5);

    private readonly TestAuthority authority = new();
    private readonly TestAuthority otherAuthority = new();
    private readonly List<ActorSystem> systems = [];
    private readonly List<object> received = [];
    private ActorSystem node = null!;

    public Task InitializeAsync()
    {
        node = Start(Tls(new() { Names = ["127.0.0.1"] }).Setup);
        _ = node.ActorOf(Props.Create(() => new Recorder(received)), "recorder");
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await Task.WhenAll(systems.Select(system => system.Terminate()));
        authority.Dispose();
        otherAuthority.Dispose();
    }

    [Fact]
    public async Task Should_exchange_messages_when_both_have_a_certificate_of_the_authority()
    {
        var client = Start(Tls(new() { Names = ["127.0.0.1"] }).Setup);

        Assert.Equal("hello", await Path(client, ClusterTls.Scheme, "127.0.0.1").Ask<string>("hello", Patience));
        Assert.Equal(["hello"], received);
    }

    [Fact]
    public async Task Should_refuse_a_certificate_of_another_authority() =>
        await IsRefusedAsync(Start(WithoutChecks(otherAuthority, new() { Names = ["127.0.0.1"] })));

    [Fact]
    public async Task Should_refuse_an_expired_certificate() =>
        await IsRefusedAsync(Start(WithoutChecks(authority, new() { Names = ["127.0.0.1"], Expired = true })));

    [Fact]
    public async Task Should_refuse_a_certificate_for_servers_only_when_it_calls() => await IsRefusedAsync(
        Start(WithoutChecks(authority, new() { Names = ["127.0.0.1"], Usage = TestCertificate.ServerUsage })));

    [Fact]
    public async Task Should_refuse_a_caller_without_a_certificate() =>
        await IsRefusedAsync(Start(WithoutChecks(authority, new() { Names = ["127.0.0.1"] }, shows: false)));

    [Fact]
    public async Task Should_refuse_a_caller_without_TLS() => await IsRefusedAsync(Start(null), "akka.tcp");

    [Fact]
    public async Task Should_not_call_a_node_whose_certificate_is_for_another_host() =>
        await IsRefusedAsync(Start(Tls(new() { Names = ["127.0.0.1"] }).Setup), ClusterTls.Scheme, "localhost");

    [Fact]
    public async Task Should_call_a_node_whose_certificate_is_for_another_host_when_names_are_not_checked()
    {
        var client = Start(Tls(new() { Names = ["127.0.0.1"] }, checkNames: false).Setup);

        await AssociatesAsync(client, ClusterTls.Scheme, "localhost");
    }

    [Fact]
    public async Task Should_not_call_a_node_of_another_authority()
    {
        var stranger = Start(WithoutChecks(otherAuthority, new() { Names = ["127.0.0.1"] }));
        _ = stranger.ActorOf(Props.Create(() => new Recorder(received)), "recorder");

        await IsRefusedAsync(node, to: stranger);
    }

    [Fact]
    public void Should_refuse_to_start_when_others_cannot_know_the_intermediate_authority()
    {
        var (certificate, key, _) = authority.IssueThroughIntermediate(new() { Names = ["127.0.0.1"] });

        var refused = Assert.Throws<CertificateRefusedException>(() => Load(certificate, key, authority.CertificatePath));

        Assert.Equal(CertificatePart.Certificate, refused.Part);
        Assert.Contains("Add those in this file to the authorities of all nodes", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_exchange_messages_when_both_know_the_intermediate_authority()
    {
        var (certificate, key, authorities) = authority.IssueThroughIntermediate(new() { Names = ["127.0.0.1"] });
        var other = Start(Load(certificate, key, authorities).Setup);
        _ = other.ActorOf(Props.Create(() => new Recorder(received)), "recorder");
        var (knownCertificate, knownKey) = authority.Issue(new() { Names = ["127.0.0.1"] });
        var client = Start(Load(knownCertificate, knownKey, authorities).Setup);

        Assert.Equal("hello", await Path(client, ClusterTls.Scheme, "127.0.0.1", other).Ask<string>("hello", Patience));
    }

    /// <summary>
    /// Nothing arrives and nobody answers. Remoting reports a refused handshake as an error, as a lost connection, or not at all, if both
    /// ends wait for each other.
    /// </summary>
    private async Task IsRefusedAsync(
        ActorSystem client, string scheme = ClusterTls.Scheme, string host = "127.0.0.1", ActorSystem? to = null)
    {
        var failed = Task.WhenAny(Next<AssociationErrorEvent>(client), Next<DisassociatedEvent>(client));
        Path(client, scheme, host, to).Tell("intruder", ActorRefs.NoSender);
        var resolved = Path(client, scheme, host, to).ResolveOne(Unanswered);

        _ = await Task.WhenAny(failed, resolved);
        Assert.False(resolved.IsCompletedSuccessfully);
        Assert.Empty(received);
    }

    /// <summary>Sends until they are connected: remoting drops what it is sent for a while after an attempt that failed.</summary>
    private async Task AssociatesAsync(ActorSystem client, string scheme, string host)
    {
        var associated = Next<AssociatedEvent>(client);
        await Eventually.IsTrue(() =>
        {
            Path(client, scheme, host).Tell("hello", ActorRefs.NoSender);
            return associated.IsCompleted;
        });
        Assert.False((await associated).IsInbound);
    }

    private static Task<T> Next<T>(ActorSystem system)
    {
        var next = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = system.ActorOf(Props.Create(() => new Listener<T>(next)));
        system.EventStream.Subscribe(listener, typeof(T));
        return next.Task;
    }

    private ActorSelection Path(ActorSystem from, string scheme, string host, ActorSystem? to = null)
    {
        var port = ((ExtendedActorSystem)(to ?? node)).Provider.DefaultAddress.Port;
        return from.ActorSelection(new RootActorPath(new Address(scheme, "tls", host, port)) / "user" / "recorder");
    }

    private ClusterTls Tls(TestCertificate wanted, bool checkNames = true)
    {
        var (certificate, key) = authority.Issue(wanted);
        return Load(certificate, key, authority.CertificatePath, checkNames);
    }

    private static ClusterTls Load(string certificate, string key, string authorities, bool checkNames = true) => ClusterTls.Load(
        new() { Certificate = new() { Certificate = certificate, Key = key }, Authorities = authorities, CheckNames = checkNames },
        TimeProvider.System);

    private static DotNettySslSetup WithoutChecks(TestAuthority issuer, TestCertificate wanted, bool shows = true)
    {
        var (certificate, key) = issuer.Issue(wanted);
        return new DotNettySslSetup(X509Certificate2.CreateFromPemFile(certificate, key), suppressValidation: true, shows);
    }

    private ActorSystem Start(Setup? tls)
    {
        var config = ConfigurationFactory.ParseString(
            """
            akka {
              stdout-loglevel = OFF
              loggers = []
              actor.provider = remote
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0, connection-timeout = 30s }
            }
            """);
        var bootstrap = BootstrapSetup.Create().WithConfig(tls is null ? config : ClusterTls.Config.WithFallback(config));
        var system = ActorSystem.Create("tls", tls is null ? ActorSystemSetup.Create(bootstrap) : bootstrap.And(tls));
        systems.Add(system);
        return system;
    }

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(List<object> received) => ReceiveAny(message =>
        {
            received.Add(message);
            Sender.Tell(message);
        });
    }

    private sealed class Listener<T> : ReceiveActor
    {
        public Listener(TaskCompletionSource<T> next) => Receive<T>(happened => next.TrySetResult(happened));
    }
}
