using Akka.Actor;
using Akka.Configuration;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Http;

namespace Morag.Failover.Node.Tests.Configuration;

public sealed class NodeOptionsSpecs : IDisposable
{
    private const string Token = "a-token-of-24-characters";
    private readonly string file = Path.Combine(Path.GetTempPath(), $"morag-{Guid.NewGuid():n}.conf");
    private readonly Dictionary<string, string> environment = [];

    public void Dispose() => File.Delete(file);

    [Fact]
    public void Should_time_everything_on_a_clock_that_nobody_sets() =>
        Assert.Equal(typeof(SteadyScheduler), Type.GetType(NodeConfiguration.Defaults().GetString("akka.scheduler.implementation")));

    [Fact]
    public void Should_be_a_cluster_of_one_on_loopback_with_its_own_redis_by_default()
    {
        var options = Load();

        Assert.Null(options.Redis);
        Assert.Equal(Path.GetFullPath("morag-data"), options.DataFolder);
        Assert.Equal(["http://127.0.0.1:8080"], options.HttpUrls);
        Assert.Equal("auto", options.Advertise);
        Assert.Equal("127.0.0.1", options.Host);
        Assert.Equal(0, options.Port);
        Assert.Empty(options.Seeds);
        Assert.Empty(options.Roles);
        Assert.Empty(options.Tokens);
    }

    [Fact]
    public void Should_say_where_each_setting_comes_from_and_keep_secrets_back()
    {
        File.WriteAllText(file, "morag.api.keep-alive = 7s");
        environment["MORAG_TOKEN"] = Token;
        var settings = Load("--config", file, "--redis", "redis.example:6379,password=secret", "--roles", "edge").InForce
            .ToDictionary(setting => setting.Key);

        Assert.Equal(("7s", "file"), (settings["morag.api.keep-alive"].Value, settings["morag.api.keep-alive"].Origin));
        Assert.Equal((null, "environment"), (settings["morag.token"].Value, settings["morag.token"].Origin));
        Assert.Equal((null, "command line"), (settings["morag.redis"].Value, settings["morag.redis"].Origin));
        Assert.Equal("command line", settings["morag.roles"].Origin);
        Assert.Equal(("10s", "default"), (settings["morag.api.answer-timeout"].Value, settings["morag.api.answer-timeout"].Origin));
        Assert.DoesNotContain(settings.Values, setting => setting.Value?.Contains("secret", StringComparison.Ordinal) == true);
    }

    [Fact]
    public void Should_read_every_setting_from_the_command_line()
    {
        var options = Load(
            "--redis", "redis.example:6379,password=a=b", "--data=/tmp/some where", "--http", "http://0.0.0.0:80,https://localhost:81",
            "--host", "node-1.example", "--port", "4053", "--seeds", "node-1.example:4053,akka.tcp://morag@node-2.example:4053",
            "--roles", "edge,spare", "--owner-role", "spare", "--bind-host", "0.0.0.0",
            "--token", $"{Token},{Token}-old", "--advertise", "https://node-1.example");

        Assert.Equal("redis.example:6379,password=a=b", options.Redis);
        Assert.Equal(Path.GetFullPath("/tmp/some where"), options.DataFolder);
        Assert.Equal(["http://0.0.0.0:80", "https://localhost:81"], options.HttpUrls);
        Assert.Equal("https://node-1.example", options.Advertise);
        Assert.Equal("node-1.example", options.Host);
        Assert.Equal(4053, options.Port);
        Assert.Equal(["akka.tcp://morag@node-1.example:4053", "akka.tcp://morag@node-2.example:4053"], options.Seeds);
        Assert.Equal(["edge", "spare"], options.Roles);
        Assert.Equal("spare", options.OwnerRole);
        Assert.Equal("0.0.0.0", options.BindHost);
        Assert.Equal([Token, $"{Token}-old"], options.Tokens);
    }

    [Theory]
    [InlineData("::1")]
    [InlineData("[::1]")]
    [InlineData("[0:0:0:0:0:0:0:1]")]
    public void Should_write_an_IPv6_address_as_the_cluster_does(string given)
    {
        var options = Load("--host", given, "--redis", "redis.example", "--seeds", "[0:0::1]:4053,akka.tcp://morag@[fd00::2]:4053");

        Assert.Equal("[::1]", options.Host);
        Assert.Equal("[::1]", options.BindHost);
        Assert.Equal(["akka.tcp://morag@[::1]:4053", "akka.tcp://morag@[fd00::2]:4053"], options.Seeds);
        Assert.True(options.ActorSystemConfig("redis.example").GetBoolean("akka.remote.dot-netty.tcp.dns-use-ipv6"));
    }

    [Fact]
    public void Should_prefer_command_line_to_environment_to_file_to_defaults()
    {
        File.WriteAllText(file, "morag { host = file, roles = file, seeds = \"\", port = 1, failover.policy.max-retries = 7 }");
        environment["MORAG_HOST"] = "environment";
        environment["MORAG_ROLES"] = "environment";

        var options = Load("--config", file, "--host", "line");

        Assert.Equal("line", options.Host);
        Assert.Equal(["environment"], options.Roles);
        Assert.Equal(1, options.Port);
        Assert.Equal(7, options.Failover.Policy.MaxRetries);
        Assert.Equal(10, options.Failover.Policy.MaxFleetFailures);
    }

    [Fact]
    public void Should_have_the_defaults_of_the_API_from_morag_conf_and_take_others()
    {
        var defaults = new HttpApiSettings();
        var api = Load().Api;
        Assert.Equal(
            (defaults.AnswerTimeout, defaults.KeepAlive, defaults.EventBuffer),
            (api.AnswerTimeout, api.KeepAlive, api.EventBuffer));

        File.WriteAllText(file, "morag.api { answer-timeout = 30s, keep-alive = 10s, event-buffer = 50 }");
        api = Load("--config", file).Api;
        Assert.Equal((TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(10), 50), (api.AnswerTimeout, api.KeepAlive, api.EventBuffer));
    }

    [Theory]
    [InlineData("answer-timeout = 1ms", "morag.api.answer-timeout = \"1ms\" is refused")]
    [InlineData("keep-alive = 2m", "morag.api.keep-alive = \"2m\" is refused")]
    [InlineData("event-buffer = 9", "morag.api.event-buffer = \"9\" is refused")]
    [InlineData("answer-time = 1s", "morag.api.answer-time in ")]
    public void Should_refuse_a_setting_of_the_API_that_is_not_allowed(string setting, string said)
    {
        File.WriteAllText(file, $"morag.api {{ {setting} }}");

        var refusal = Assert.Throws<ConfigurationRefusedException>(() => Load("--config", file));
        Assert.StartsWith(said, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("quote\" back\\slash $dollar ${HOME} #hash // {brace}")]
    public void Should_take_values_as_they_are(string value)
    {
        environment["MORAG_DATA"] = value;

        Assert.Equal(Path.GetFullPath(value), Load().DataFolder);
    }

    [Theory]
    [InlineData("--port", "65536", "morag.port = \"65536\" is refused: an integer from 0 to 65535 is allowed")]
    [InlineData("--port", "x", "morag.port = \"x\" is refused")]
    [InlineData("--host", "a b", "morag.host = \"a b\" is refused")]
    [InlineData("--http", "", "at least one URL")]
    [InlineData("--http", "localhost:8080", "morag.http = \"localhost:8080\" is refused: URLs of the form")]
    [InlineData("--http", "ftp://127.0.0.1", "URLs of the form")]
    [InlineData("--http", "http://127.0.0.1:80/path", "URLs of the form")]
    [InlineData("--seeds", "node", "morag.seeds = \"node\" is refused: host:port")]
    [InlineData("--seeds", "node:0", "host:port")]
    [InlineData("--seeds", "akka.tcp://other@node:1", "host:port")]
    [InlineData("--seeds", "fd00::2:4053", "[address]:port for IPv6")]
    [InlineData("--bind-host", "a b", "morag.bind-host = \"a b\" is refused")]
    [InlineData("--owner-role", "a b", "morag.owner-role = \"a b\" is refused")]
    [InlineData("--roles", "a b", "morag.roles = \"a b\" is refused")]
    [InlineData("--advertise", "node-1:8080", "morag.advertise = \"node-1:8080\" is refused")]
    [InlineData("--advertise", "http://0.0.0.0:8080", "morag.advertise = \"http://0.0.0.0:8080\" is refused")]
    [InlineData("--advertise", "http://node-1/morag", "morag.advertise = \"http://node-1/morag\" is refused")]
    [InlineData("--redis", "host:6379,pasword=top-secret", "not a connection string")]
    [InlineData("--redis", "password=top-secret", "does not name a server")]
    [InlineData("--redis", "host:6379,password=top-secret,defaultDatabase=-2", "defaultDatabase must not be negative")]
    [InlineData("--token", "top-secret", "16 to 512")]
    [InlineData("--token", "top-secret-but with-space", "16 to 512")]
    [InlineData("--token", "top-secret-token-1,top-secret-token-2,top-secret-token-3", "one or two comma-separated tokens")]
    [InlineData("--color", "red", "--color is not an option")]
    [InlineData("--config", "/nowhere/morag.conf", "cannot be read")]
    public void Should_refuse_with_one_line_that_shows_no_secret(string option, string value, string message)
    {
        var refusal = Assert.Throws<ConfigurationRefusedException>(() => Load(option, value));

        Assert.Contains(message, refusal.Message);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.DoesNotContain("top-secret", refusal.Message);
    }

    [Theory]
    [InlineData("redis.example:6379")]
    [InlineData("redis.example:6379,ssl=false")]
    public void Should_refuse_an_authority_for_a_redis_without_tls(string redis)
    {
        var refusal = Assert.Throws<ConfigurationRefusedException>(
            () => Load("--redis", redis, "--redis-authority", "/etc/morag/redis-ca.pem"));

        Assert.Contains(
            "it needs a Redis over TLS: add ssl=true to MORAG_REDIS", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(
            "/etc/morag/redis-ca.pem",
            Load("--redis", "redis.example:6379,ssl=true", "--redis-authority", "/etc/morag/redis-ca.pem").RedisAuthority);
    }

    [Theory]
    [InlineData("http://0.0.0.0:8080")]
    [InlineData("http://+:8080")]
    [InlineData("http://*:8080")]
    [InlineData("http://[::]:8080")]
    [InlineData("http://192.168.1.4:8080")]
    [InlineData("http://some-name:8080")]
    [InlineData("http://127.0.0.1:8080,http://0.0.0.0:8081")]
    public void Should_refuse_to_listen_beyond_loopback_without_a_token(string urls)
    {
        Assert.Contains("only loopback is allowed", Assert.Throws<ConfigurationRefusedException>(() => Load("--http", urls)).Message);

        Assert.NotEmpty(Load("--http", urls, "--token", Token).HttpUrls);
    }

    [Theory]
    [InlineData("http://localhost:8080")]
    [InlineData("http://127.0.0.2:8080")]
    [InlineData("http://[::1]:8080")]
    public void Should_listen_on_loopback_without_a_token(string url)
    {
        Assert.Equal([url], Load("--http", url).HttpUrls);
    }

    [Fact]
    public void Should_refuse_seeds_without_a_redis_to_share()
    {
        var refusal = Assert.Throws<ConfigurationRefusedException>(() => Load("--seeds", "node:4053"));

        Assert.Contains("MORAG_REDIS", refusal.Message);
    }

    [Theory]
    [InlineData("--port")]
    [InlineData("--port", "1", "--port", "2")]
    [InlineData("stray")]
    public void Should_refuse_a_malformed_command_line(params string[] arguments)
    {
        Assert.Throws<ConfigurationRefusedException>(() => Load(arguments));
    }

    [Theory]
    [InlineData("morag.failover.policy.max-retrys = 1", "morag.failover.policy.max-retrys")]
    [InlineData("morag.reddis = x", "morag.reddis")]
    [InlineData("morag { failover { polices { } } }", "morag.failover.polices")]
    [InlineData("morag.port = ${nowhere}", "not valid HOCON")]
    public void Should_refuse_a_file_with_unknown_keys_or_bad_syntax(string content, string message)
    {
        File.WriteAllText(file, content);

        Assert.Contains(message, Assert.Throws<ConfigurationRefusedException>(() => Load("--config", file)).Message);
    }

    [Theory]
    [InlineData("include \"/etc/passwd\"", 1)]
    [InlineData("morag { include \"more.conf\" }", 1)]
    [InlineData("# include \"this\"\n\ninclude file(\"more.conf\")", 3)]
    [InlineData("morag.port = 1\n  include required(file(\"more.conf\"))", 2)]
    [InlineData("morag.port = 1, include url(\"http://example.org/more.conf\")", 1)]
    [InlineData("a { }\nb = \"\"\"\n\"\"\"\ninclude more.conf", 4)]
    [InlineData("include\n\"more.conf\"", 1)]
    public void Should_name_the_line_of_an_include(string content, int line)
    {
        File.WriteAllText(file, content);

        Assert.Equal(
            $"--config = \"{file}\" is refused: line {line} includes another file, and includes are not supported. "
            + "Copy those settings into this file",
            Assert.Throws<ConfigurationRefusedException>(() => Load("--config", file)).Message);
    }

    [Theory]
    [InlineData("include = 1")]
    [InlineData("include.this { a = 1 }")]
    [InlineData("included = 1")]
    [InlineData("a = include \"b\"")]
    [InlineData("a =\n  include b")]
    [InlineData("# include \"b\"\n// include \"c\"")]
    [InlineData("a = \"\"\"\n include \"b\"\n\"\"\"")]
    public void Should_read_what_only_looks_like_an_include(string content)
    {
        File.WriteAllText(file, content + "\nmorag.port = 7");

        Assert.Equal(7, Load("--config", file).Port);
    }

    [Theory]
    [InlineData("a {", "}")]
    [InlineData("a = [", "]")]
    [InlineData("[", "]")]
    [InlineData("a.", "")]
    [InlineData("\"a\".", "")]
    [InlineData("a\n.", "")]
    [InlineData("a { ] {", "}")]
    [InlineData("${a", "}")]
    public void Should_refuse_a_file_that_is_nested_too_deep_for_the_parser(string opening, string closing)
    {
        const int Levels = 100_000;
        var opened = string.Concat(Enumerable.Repeat(opening, Levels));
        var closed = string.Concat(Enumerable.Repeat(closing, Levels));
        File.WriteAllText(file, $"morag.port = 7\nx = {opened} a = 1 {closed}");

        var refusal = Assert.Throws<ConfigurationRefusedException>(() => Load("--config", file));
        Assert.Contains($"nested deeper than {HoconText.MaxDepth} levels", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_take_a_file_with_as_many_levels_as_are_allowed_and_count_none_in_texts_and_comments()
    {
        var brackets = new string('{', 200) + new string('[', 200);
        var deep = string.Concat(Enumerable.Repeat("a {", HoconText.MaxDepth)) + new string('}', HoconText.MaxDepth);
        var numbers = string.Join('\n', Enumerable.Repeat("1.5", 200));
        File.WriteAllText(
            file,
            $"# {brackets}\n// {brackets}\n{deep}\nb = \"\\\"{brackets}\"\n"
            + $"c = \"\"\"\n{brackets}\"\n\"\"\"\nd = [\n{numbers}\n]\nmorag.port = 7 # {brackets}");

        Assert.Equal(7, Load("--config", file).Port);
    }

    [Theory]
    [InlineData("morag.http = ${morag.host}\nmorag.host = ${morag.http}")]
    [InlineData("morag.failover = ${morag}")]
    [InlineData("akka.a = ${akka.b}\nakka.b = [{ c = ${akka.a} }]")]
    public void Should_refuse_a_file_whose_substitutions_form_a_cycle(string content)
    {
        File.WriteAllText(file, content);

        var refusal = Assert.Throws<ConfigurationRefusedException>(() => Load("--config", file));
        Assert.Contains("refers to itself", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_take_a_value_that_many_substitutions_share()
    {
        var shared = string.Join('\n', Enumerable.Range(0, 60).Select(static n => $"a{n} = [${{a{n + 1}}}, ${{a{n + 1}}}]"));
        File.WriteAllText(file, $"{shared}\na60 = 7\nmorag.port = ${{a60}}");

        Assert.Equal(7, Load("--config", file).Port);
    }

    [Fact]
    public void Should_refuse_a_file_that_is_too_large_or_has_no_end()
    {
        File.WriteAllText(file, $"# {new string('x', 1024 * 1024)}");

        Assert.Contains("larger than 1 MiB", Assert.Throws<ConfigurationRefusedException>(() => Load("--config", file)).Message);
        if (OperatingSystem.IsLinux())
        {
            Assert.Contains("larger than 1 MiB", Assert.Throws<ConfigurationRefusedException>(() => Load("--config", "/dev/zero")).Message);
        }
    }

    [Fact]
    public void Should_name_every_option_in_its_usage()
    {
        Assert.All(
            ["--redis", "--data", "--http", "--advertise", "--host", "--port", "--seeds", "--roles", "--token", "--config", "MORAG_TOKEN"],
            option => Assert.Contains(option, NodeCommandLine.Usage));
        Assert.True(NodeCommandLine.AsksForHelp(["--port", "1", "--help"]));
    }

    [Fact]
    public async Task Should_start_an_actor_system_that_refuses_types_without_a_serializer()
    {
        var config = Load("--roles", "edge").ActorSystemConfig("127.0.0.1:1");
        using var system = ActorSystem.Create(
            NodeOptions.ActorSystemName,
            ConfigurationFactory.ParseString("akka.loglevel = ERROR").WithFallback(config));

        var cluster = Akka.Cluster.Cluster.Get(system);
        Assert.Equal(["edge"], cluster.SelfRoles);
        Assert.Equal("127.0.0.1", cluster.SelfAddress.Host);
        Assert.ThrowsAny<Exception>(() => system.Serialization.FindSerializerFor(new Unbound()));
        await system.Terminate();
    }

    private NodeOptions Load(params string[] arguments) => NodeOptions.Load(arguments, environment.GetValueOrDefault);

    private sealed record Unbound;
}
