using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Tests;

/// <summary>Options that break a rule. The message names the option and the rule, and never the token.</summary>
public sealed class MoragOptionsSpecs
{
    private const string Node = "http://127.0.0.1:8080";

    public static TheoryData<Action<MoragFailoverOptions>, string> ClientOptions => new()
    {
        { _ => { }, "MoragFailoverOptions.Nodes must name at least one node, such as http://node-1:8080" },
        { Set(o => o.Nodes.Add(new Uri("ftp://a"))), "MoragFailoverOptions.Nodes[1] must be an http or https address without a user name" },
        { Set(o => o.Nodes.Add(new Uri("a", UriKind.Relative))), "MoragFailoverOptions.Nodes[1] must be an http or https address" },
        { Set(o => o.Nodes.Add(new Uri("http://me:secret@a"))), "MoragFailoverOptions.Nodes[1] must be an http or https address" },
        { Set(o => o.Token = "secret\n"), "MoragFailoverOptions.Token must consist of visible ASCII characters" },
        { Set(o => o.TokenFile = "/no/such/file"), "MoragFailoverOptions.TokenFile must be a readable file: " },
        { Set(o => (o.Token, o.TokenFile) = ("secret", "/dev/null")), "must set at most one of Token, TokenFile and TokenProvider" },
        { Set(o => o.CertificateAuthorityFile = "/dev/null"), "CertificateAuthorityFile must be a file with PEM certificates: " },
        { Set(o => o.Retries.AttemptTimeout = TimeSpan.Zero), "Retries.AttemptTimeout must be 100 ms to 10 min, not 00:00:00" },
        { Set(o => o.Retries.Budget = TimeSpan.FromHours(2)), "Retries.Budget must be 0 to 1 h, not 02:00:00" },
    };

    [Theory]
    [InlineData("secret\nsecond")]
    [InlineData("")]
    [InlineData("secret\u00e4")]
    public void Should_name_the_file_and_not_the_token_when_the_file_holds_no_usable_token(string text)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            Should_name_the_option_and_the_rule_when_a_client_option_breaks_it(
                Set(options => options.TokenFile = file),
                "MoragFailoverOptions.TokenFile must hold one token, which must consist of visible ASCII characters");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Should_not_fail_when_a_container_with_a_used_transport_is_disposed_synchronously()
    {
        var services = new ServiceCollection()
            .AddLogging()
            .AddMoragFailover(options => options.Nodes.Add(new Uri(Node)))
            .BuildServiceProvider();
        var transport = services.GetRequiredService<IMoragTransport>();
        var call = transport.AskAsync(new GetTask { TaskId = new("a") }, TimeSpan.FromSeconds(5), CancellationToken.None);

        DisposeSynchronously(services);

        _ = await Assert.ThrowsAsync<MoragUnavailableException>(() => call);
        _ = await Assert.ThrowsAsync<ObjectDisposedException>(
            () => transport.AskAsync(new GetTask { TaskId = new("a") }, TimeSpan.FromSeconds(5), CancellationToken.None));
    }

    public static TheoryData<Action<MoragWorkerOptions>, string> WorkerOptions => new()
    {
        { o => o.WorkerId = "", "MoragWorkerOptions.WorkerId must be 1 to 128 characters" },
        { o => o.WorkerId = "stats", "MoragWorkerOptions.WorkerId must be" },
        { o => o.WorkerId = "Register", "MoragWorkerOptions.WorkerId must be" },
        { o => o.Slots = 0, "MoragWorkerOptions.Slots must be 1 to 10000, not 0" },
        { o => o.Queues.Add("a/b"), "MoragWorkerOptions.Queues must hold names of queues only" },
        { o => o.HeartbeatInterval = TimeSpan.Zero, "MoragWorkerOptions.HeartbeatInterval must be 0.1 s to 1 h, not 00:00:00" },
        { o => o.DrainTimeout = TimeSpan.FromSeconds(-1), "MoragWorkerOptions.DrainTimeout must be 0 to 24 h, not -00:00:01" },
    };

    [Theory]
    [MemberData(nameof(ClientOptions))]
    public void Should_name_the_option_and_the_rule_when_a_client_option_breaks_it(Action<MoragFailoverOptions> set, string expected)
    {
        using var services = new ServiceCollection().AddMoragFailover(set).BuildServiceProvider();

        var refused = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(WorkerOptions))]
    public void Should_name_the_option_and_the_rule_when_a_worker_option_breaks_it(Action<MoragWorkerOptions> set, string expected)
    {
        using var services = new ServiceCollection()
            .AddMoragWorker<Handler>(options =>
            {
                options.WorkerId = "worker-a";
                set(options);
            })
            .BuildServiceProvider();

        var refused = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_start_when_every_option_keeps_its_rule()
    {
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddMoragFailover(options => options.Nodes.Add(new Uri(Node)))
            .AddMoragWorker<Handler>(options => options.WorkerId = "worker-a")
            .BuildServiceProvider();

        services.GetRequiredService<IStartupValidator>().Validate();

        Assert.NotNull(services.GetRequiredService<IMoragClient>());
        Assert.Equal("http", services.GetRequiredService<IMoragTransport>().Name);
    }

    private static void DisposeSynchronously(ServiceProvider services) => services.Dispose();

    private static Action<MoragFailoverOptions> Set(Action<MoragFailoverOptions> set) => options =>
    {
        options.Nodes.Add(new Uri(Node));
        set(options);
    };

    private sealed class Handler : ITaskHandler
    {
        public Task<JsonText> HandleAsync(TaskRun task, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
