using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Morag.Failover.Actors.Alerts;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Domain.Alerts;
using Morag.Failover.Node.Alerts;

namespace Morag.Failover.Node.Tests.Alerts;

/// <summary>Webhooks against real servers, also those that hang, fail, redirect, flood, or have no valid certificate.</summary>
public sealed class HttpWebhooksSpecs : IAsyncDisposable
{
    private const string Secret = "0123456789abcdef";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly List<IAsyncDisposable> servers = [];

    [Fact]
    public async Task Should_sign_the_body_so_that_a_receiver_can_check_it_as_documented()
    {
        var got = new List<(string Signature, string Delivery, byte[] Body)>();
        var url = await ServeAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            got.Add((context.Request.Headers["Morag-Signature"]!, context.Request.Headers["Morag-Delivery"]!, body.ToArray()));
        });

        var outcome = await SendAsync(url, Notice("Worker w is lost."));

        Assert.True(outcome.Delivered, outcome.Detail);
        var (signature, delivery, sent) = Assert.Single(got);
        Assert.True(IsSigned(signature, sent, Secret));
        Assert.False(IsSigned(signature, sent, Secret + "x"));
        Assert.False(IsSigned(signature, [.. sent, 0], Secret));
        var json = JsonDocument.Parse(sent).RootElement;
        Assert.Equal(("raised", delivery), (json.GetProperty("event").GetString(), json.GetProperty("id").GetString()));
        Assert.Equal("worker_lost", json.GetProperty("alert").GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Should_send_slack_a_text_in_which_nothing_is_a_mention_or_a_link()
    {
        var body = "";
        var url = await ServeAsync(async context => body = await new StreamReader(context.Request.Body).ReadToEndAsync());

        await SendAsync(url, Notice("<!channel> & <http://evil.example>"), WebhookFormat.Slack);

        var text = JsonDocument.Parse(body).RootElement.GetProperty("text").GetString()!;
        Assert.StartsWith("[raised] warning: worker_lost w (alert 7)\n", text, StringComparison.Ordinal);
        Assert.EndsWith("&lt;!channel&gt; &amp; &lt;http://evil.example&gt;", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(500, null, null)]
    [InlineData(429, "17", 17)]
    [InlineData(503, "soon", null)]
    public async Task Should_report_a_refusal_and_how_long_the_receiver_asks_to_wait(int status, string? retryAfter, int? seconds)
    {
        var url = await ServeAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = retryAfter;
            return Task.CompletedTask;
        });

        var outcome = await SendAsync(url);

        Assert.Equal((false, $"it answered {status}"), (outcome.Delivered, outcome.Detail));
        Assert.Equal(seconds, outcome.RetryAfter?.TotalSeconds);
    }

    [Theory]
    [InlineData(400, true)]
    [InlineData(413, true)]
    [InlineData(415, true)]
    [InlineData(422, true)]
    [InlineData(401, false)]
    [InlineData(404, false)]
    [InlineData(429, false)]
    [InlineData(500, false)]
    public async Task Should_tell_a_body_that_is_rejected_for_good_from_what_may_pass(int status, bool isFinal)
    {
        var url = await ServeAsync(context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });

        Assert.Equal(isFinal, (await SendAsync(url)).IsFinal);
    }

    [Fact]
    public async Task Should_take_no_connection_from_a_receiver_when_another_one_on_the_same_host_hangs()
    {
        var url = await ServeAsync(context =>
            context.Request.Path == "/hangs" ? Task.Delay(Timeout.Infinite, context.RequestAborted) : Task.CompletedTask);
        using var webhooks = new HttpWebhooks(
            [Options("hangs", new Uri(url, "hangs")), Options("ops", new Uri(url, "ops"))], TimeSpan.FromSeconds(10), TimeProvider.System);
        var hanging = Enumerable.Range(0, 4).Select(_ => webhooks.SendAsync("hangs", Notice("it hangs")))
            .Append(webhooks.SendAsync("hangs", null))
            .Append(webhooks.SendAsync("ops", null))
            .ToList();

        var outcome = await webhooks.SendAsync("ops", Notice("Worker w is lost."));

        Assert.True(outcome.Delivered, outcome.Detail);
        Assert.Contains(hanging, sending => !sending.IsCompleted);
    }

    [Fact]
    public async Task Should_give_each_test_an_id_of_its_own()
    {
        var ids = new List<(string Header, string Body)>();
        var url = await ServeAsync(async context =>
        {
            var body = await JsonDocument.ParseAsync(context.Request.Body);
            ids.Add((context.Request.Headers["Morag-Delivery"]!, body.RootElement.GetProperty("id").GetString()!));
        });

        await SendAsync(url);
        await SendAsync(url);

        Assert.Equal(2, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Equal(id.Header, id.Body));
        Assert.All(ids, id => Assert.StartsWith("test-", id.Header, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_give_up_when_a_receiver_does_not_answer_in_time()
    {
        var url = await ServeAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));

        var outcome = await SendAsync(url, timeout: TimeSpan.FromMilliseconds(300));

        Assert.Equal((false, "it did not answer within 0.3 s"), (outcome.Delivered, outcome.Detail));
    }

    [Fact]
    public async Task Should_not_follow_a_redirect()
    {
        var led = 0;
        var elsewhere = await ServeAsync(_ =>
        {
            led++;
            return Task.CompletedTask;
        });
        var url = await ServeAsync(context =>
        {
            context.Response.Redirect(elsewhere.ToString(), permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        });

        var outcome = await SendAsync(url);

        Assert.Equal((false, "it answered 307, and redirects are not followed", 0), (outcome.Delivered, outcome.Detail, led));
    }

    [Fact]
    public async Task Should_not_read_the_body_of_an_answer()
    {
        var closed = new TaskCompletionSource();
        var url = await ServeAsync(async context =>
        {
            // The body never ends, so the call is over only when the sender closes the connection.
            using var over = context.RequestAborted.Register(() => closed.TrySetResult());
            await context.Response.Body.WriteAsync(new byte[1024 * 1024], CancellationToken.None);
            await closed.Task;
        });

        var outcome = await SendAsync(url);

        Assert.True(outcome.Delivered, outcome.Detail);
        await closed.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task Should_refuse_a_receiver_whose_certificate_is_not_trusted()
    {
        using var key = RSA.Create(2048);
        var self = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        using var certificate = X509CertificateLoader.LoadPkcs12(self.Export(X509ContentType.Pfx), null);
        var called = 0;
        var url = await ServeAsync(
            _ =>
            {
                called++;
                return Task.CompletedTask;
            },
            certificate);

        var outcome = await SendAsync(url);

        Assert.Equal((false, 0), (outcome.Delivered, called));
        Assert.Contains("certificate", outcome.Detail, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Should_say_nothing_of_the_path_when_nobody_listens()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();

        var outcome = await SendAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/T0/the-secret")));

        Assert.False(outcome.Delivered);
        Assert.DoesNotContain("the-secret", outcome.Detail, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>Checks a signature as docs/alerts.md tells receivers to.</summary>
    private static bool IsSigned(string header, byte[] body, string secret)
    {
        var parts = header.Split(',').Select(part => part.Split('=', 2)).ToDictionary(part => part[0], part => part[1]);
        var signed = Encoding.UTF8.GetBytes(parts["t"] + ".").Concat(body).ToArray();
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed);
        var sent = DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts["t"], CultureInfo.InvariantCulture));
        var age = TimeProvider.System.GetUtcNow() - sent;
        return CryptographicOperations.FixedTimeEquals(expected, Convert.FromHexString(parts["v1"]))
            && age.Duration() < TimeSpan.FromMinutes(5);
    }

    private static async Task<WebhookOutcome> SendAsync(
        Uri url, AlertNotice? notice = null, WebhookFormat format = WebhookFormat.Generic, TimeSpan? timeout = null)
    {
        using var webhooks = new HttpWebhooks([Options("ops", url, format)], timeout ?? Patience, TimeProvider.System);
        return await webhooks.SendAsync("ops", notice).WaitAsync(Patience);
    }

    private static WebhookOptions Options(string name, Uri url, WebhookFormat format = WebhookFormat.Generic) => new()
    {
        Receiver = new WebhookReceiver(name, url.Authority, format, AlertSeverity.Info),
        Url = url,
        Secret = Encoding.UTF8.GetBytes(Secret),
    };

    private static AlertNotice Notice(string message) => new()
    {
        Number = 1,
        Alert = new Alert
        {
            Id = "7",
            Key = "worker_lost:w",
            Kind = AlertKind.WorkerLost,
            Severity = AlertSeverity.Warning,
            Component = "w",
            Message = message,
            RaisedAt = DateTimeOffset.UnixEpoch,
            ChangedAt = DateTimeOffset.UnixEpoch,
        },
    };

    private async Task<Uri> ServeAsync(RequestDelegate handler, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        var server = builder.Build();
        server.Run(handler);
        await server.StartAsync();
        servers.Add(server);
        return new Uri(server.Urls.Single());
    }
}
