using System.Collections.Immutable;
using System.Text;
using Akka.Configuration;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Node.Alerts;
using Morag.Failover.Node.Configuration;

namespace Morag.Failover.Node.Tests.Alerts;

/// <summary>The block <c>morag.webhooks</c>.</summary>
public sealed class WebhooksReaderSpecs
{
    private const string Url = "url = \"https://hooks.example/T0/the-secret-path\"";
    private const string Key = "secret = the-secret-key-16";

    [Fact]
    public void Should_have_no_webhook_by_default() =>
        Assert.Empty(WebhooksReader.Read(new SettingsSection(NodeConfiguration.Defaults(), "morag.webhooks")));

    [Fact]
    public void Should_read_every_field()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "a-secret-in-a-file\n");
            var webhooks = Read(
                $"ops {{ {Url}, {Key}, min-severity = error }}\n"
                + $"chat {{ url = \"http://127.0.0.1:9/x\", format = slack }}\nfiled {{ {Url}, secret-file = \"{file}\" }}");

            Assert.Equal(
                [
                    ("ops", "hooks.example", WebhookFormat.Generic, AlertSeverity.Error, "the-secret-key-16"),
                    ("chat", "127.0.0.1:9", WebhookFormat.Slack, AlertSeverity.Info, null),
                    ("filed", "hooks.example", WebhookFormat.Generic, AlertSeverity.Info, "a-secret-in-a-file"),
                ],
                webhooks.Select(webhook => (
                    webhook.Name,
                    webhook.Receiver.Host,
                    webhook.Receiver.Format,
                    webhook.Receiver.MinSeverity,
                    webhook.Secret is null ? null : Encoding.UTF8.GetString(webhook.Secret))));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("\"a b\" { URL, KEY }", "1 to 128 characters")]
    [InlineData("ops { KEY }", "morag.webhooks.ops.url")]
    [InlineData("ops = \"https://hooks.example/the-secret-path\"", "a block")]
    [InlineData("ops { url = \"http://hooks.example/the-secret-path\", KEY }", "an https URL")]
    [InlineData("ops { url = \"ftp://127.0.0.1/the-secret-path\", KEY }", "an https URL")]
    [InlineData("ops { url = \"https://me:the-secret-path@hooks.example/\", KEY }", "an https URL")]
    [InlineData("ops { URL }", "needs a secret")]
    [InlineData("ops { URL, secret = the-secret-key }", "at least 16 characters")]
    [InlineData("ops { URL, KEY, secret-file = x }", "either a secret or a secret-file")]
    [InlineData("ops { URL, secret-file = \"/no/such/file\" }", "it cannot be read")]
    [InlineData("ops { URL, KEY, format = xml }", "generic, slack is allowed")]
    [InlineData("ops { URL, KEY, min-severity = loud }", "info, warning, error, critical is allowed")]
    [InlineData("ops { URL, KEY, proxy = x }", "a webhook has only url")]
    public void Should_name_the_rule_and_no_secret_when_a_webhook_is_invalid(string text, string rule)
    {
        var given = text.Replace("URL", Url, StringComparison.Ordinal).Replace("KEY", Key, StringComparison.Ordinal);
        var refusal = Assert.Throws<ConfigurationRefusedException>(() => Read(given));
        Assert.Contains(rule, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("the-secret", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_show_no_webhook_among_the_settings()
    {
        var options = NodeOptions.Load(["--config", Written($"morag.webhooks {{ ops {{ {Url}, {Key} }} }}")], _ => null);
        Assert.Equal(["ops"], options.Webhooks.Select(webhook => webhook.Name));
        Assert.Contains(options.InForce, setting => setting is { Key: "morag.webhooks", Value: null });
        Assert.DoesNotContain(options.InForce, setting => setting.Value?.Contains("the-secret", StringComparison.Ordinal) == true);
    }

    private static string Written(string text)
    {
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllText(file, text);
        return file;
    }

    private static ImmutableArray<WebhookOptions> Read(string text) =>
        WebhooksReader.Read(new SettingsSection(ConfigurationFactory.ParseString($"morag.webhooks {{ {text} }}"), "morag.webhooks"));
}
