using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Tests.Palettes;

/// <summary>Commands built from a palette: the call, the output and the exit code.</summary>
public sealed class CommandLineSpecs : IAsyncLifetime
{
    private static readonly PaletteParameter Id = new() { Name = "id", Help = "The thing", In = ParameterPlace.Path, Required = true };

    private static readonly Palette Things = new()
    {
        Name = "thing",
        Summary = "Things",
        Commands =
        [
            new PaletteCommand
            {
                Name = "list",
                Summary = "All things",
                Method = "GET",
                Path = "/api/v1/things",
                Paged = true,
                Arguments = [new PaletteParameter { Name = "kind", Help = "", In = ParameterPlace.Query }],
                Options =
                [
                    new PaletteParameter { Name = "state", Help = "", In = ParameterPlace.Query, Choices = ["new", "old"] },
                    new PaletteParameter { Name = "since", Help = "", In = ParameterPlace.Query, Type = ParameterType.Moment },
                ],
                Columns =
                [
                    new PaletteColumn { Header = "name", Field = "name" },
                    new PaletteColumn { Header = "rate", Field = "score.rate", Format = ColumnFormat.Percent },
                ],
            },
            new PaletteCommand
            {
                Name = "make",
                Summary = "Make one",
                Method = "POST",
                Path = "/api/v1/things/{id}/make",
                Arguments = [Id],
                FixedFields = ImmutableSortedDictionary<string, string>.Empty.Add("action", "make"),
                Options =
                [
                    InBody("payload", ParameterType.LargeText) with { MaxBytes = 100 },
                    InBody("payload-json", ParameterType.Json) with { Field = "payload", MaxBytes = 100 },
                    InBody("note") with { MaxBytes = 10 },
                    InBody("gpu", ParameterType.Flag) with { Field = "needs.gpu_required" },
                    InBody("max-retries", ParameterType.WholeNumber) with { Least = 0, Most = 100 },
                    InBody("memory-gb", ParameterType.Number) with { Least = 0.5 },
                ],
                View = PaletteView.Record,
            },
            new PaletteCommand
            {
                Name = "remove",
                Summary = "Remove one",
                Method = "DELETE",
                Path = "/api/v1/things/{id}",
                Arguments = [Id],
                Confirm = "Sure?",
                View = PaletteView.Record,
            },
            new PaletteCommand
            {
                Name = "remove-all",
                Summary = "Remove many",
                Method = "POST",
                Path = "/api/v1/things/remove",
                Objects = ["filter"],
                Options =
                [
                    InBody("reason") with { Required = true, OptionalInDryRun = true },
                    InBody("state") with { Field = "filter.state" },
                    InBody("dry-run", ParameterType.Flag) with { IsDryRun = true },
                ],
                Confirm = "Sure?",
                View = PaletteView.Record,
            },
            new PaletteCommand
            {
                Name = "text",
                Summary = "Its text",
                Method = "GET",
                Path = "/api/v1/things/{id}",
                Arguments = [Id],
                Select = "result",
                View = PaletteView.Raw,
            },
        ],
    };

    private readonly FakeNode node = new();
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    public Task InitializeAsync()
    {
        Answer(_ => FakeNode.Json(Array.Empty<object>()));
        return node.StartAsync();
    }

    public async Task DisposeAsync() => await node.DisposeAsync();

    [Fact]
    public async Task Should_print_a_table_when_the_answer_is_a_list()
    {
        Answer(_ => FakeNode.Json(new[]
        {
            new { name = "first\u001b[2J", score = new { rate = 0.5 } },
            new { name = "second", score = new { rate = 1.0 } },
        }));

        var (exitCode, output, _) = await RunAsync("thing", "list", "--state", "new", "--since", "2h");

        Assert.Equal(ExitCode.Ok, exitCode);
        Assert.Equal(
            [
                "name | rate",
                "first\\u001b[2J | 50%",
                "second | 100%",
            ],
            Rows(output));
        Assert.Equal(
            "/api/v1/things?state=new&since=2026-11-23T10:00:00.000Z&limit=101", Uri.UnescapeDataString(node.Calls.Last().PathAndQuery));
    }

    [Fact]
    public async Task Should_follow_pages_until_the_limit_is_reached()
    {
        node.Answer = (call, context) =>
        {
            if (call.PathAndQuery == "/api/v1/palettes")
            {
                return Task.FromResult<IResult?>(Served());
            }

            var page = call.PathAndQuery.Contains("after=", StringComparison.Ordinal) ? call.PathAndQuery[^1] - '0' : 0;
            context.Response.Headers.Link = $"<http://elsewhere:1/api/v1/things?limit=5&after={page + 1}>; rel=\"next\"";
            // An empty page with a link is not the last one.
            string[] names = page == 1 ? [] : [$"{page}a", $"{page}b"];
            return Task.FromResult<IResult?>(FakeNode.Json(names.Select(name => new { name })));
        };

        var (exitCode, output, error) = await RunAsync("thing", "list", "round", "--limit", "5", "--output", "json");

        Assert.Equal(ExitCode.Ok, exitCode);
        Assert.Equal(
            ["0a", "0b", "2a", "2b", "3a"],
            JsonDocument.Parse(output).RootElement.EnumerateArray().Select(thing => thing.GetProperty("name").GetString()!));
        Assert.Equal("showing the first 5. Raise --limit or add a filter to see more", error.Trim());
        Assert.Equal("/api/v1/things?kind=round&limit=6", node.Calls.First(call => call.PathAndQuery != "/api/v1/palettes").PathAndQuery);
    }

    [Fact]
    public async Task Should_put_each_value_where_its_parameter_says()
    {
        Answer(_ => FakeNode.Json(new { made = true }));

        var (exitCode, output, _) = await RunAsync("thing", "make", "a b", "--payload", "text", "--gpu", "--max-retries", "3");

        Assert.Equal(ExitCode.Ok, exitCode);
        Assert.Equal("made  yes", output.Trim());
        var call = node.Calls.Last();
        Assert.Equal("POST", call.Method);
        Assert.Equal("/api/v1/things/a%20b/make", call.PathAndQuery);
        Assert.Equal("""{"action":"make","payload":"text","needs":{"gpu_required":true},"max_retries":3}""", call.Body!.ToJsonString());
    }

    [Theory]
    [InlineData("@@name", "\"@name\"")]
    [InlineData("-", "\"from stdin\\nä\"")]
    public async Task Should_read_a_large_text_from_standard_input_or_unescape_it(string given, string sent)
    {
        await RunAsync(["thing", "make", "x", "--payload", given], "from stdin\nä");

        Assert.Equal(sent, node.Calls.Last().Body!["payload"]!.ToJsonString(ContractsJson.Options));
    }

    [Fact]
    public async Task Should_read_a_large_text_from_a_file()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "of a file");

        await RunAsync("thing", "make", "x", "--payload", "@" + file);

        Assert.Equal("of a file", (string)node.Calls.Last().Body!["payload"]!);
        File.Delete(file);
    }

    [Theory]
    [InlineData("--max-retries must be a whole number from 0 to 100, not \"many\"", "--max-retries", "many")]
    [InlineData("--max-retries must be a whole number from 0 to 100, not \"1.0\"", "--max-retries", "1.0")]
    [InlineData("--max-retries must be a whole number from 0 to 100, not \"101\"", "--max-retries", "101")]
    [InlineData("--max-retries must be a whole number from 0 to 100, not \"9999999999999999999\"", "--max-retries", "9999999999999999999")]
    [InlineData("--memory-gb must be a number of at least 0.5, not \"0,5\"", "--memory-gb", "0,5")]
    [InlineData("--memory-gb must be a number of at least 0.5, not \"abc\"", "--memory-gb", "abc")]
    [InlineData("--memory-gb must be a number of at least 0.5, not \"NaN\"", "--memory-gb", "NaN")]
    [InlineData("--memory-gb must be a number of at least 0.5, not \"1e400\"", "--memory-gb", "1e400")]
    [InlineData("--memory-gb must be a number of at least 0.5, not \"Infinity\"", "--memory-gb", "Infinity")]
    [InlineData("--memory-gb must be a number of at least 0.5, not \"0.4\"", "--memory-gb", "0.4")]
    [InlineData("--memory-gb must be a number of at least 0.5, not \" 1\"", "--memory-gb", " 1")]
    [InlineData("--payload-json must be JSON", "--payload-json", "{")]
    [InlineData("--payload-json conflicts with another option that sets payload", "--payload", "x", "--payload-json", "1")]
    [InlineData("cannot read the file for --payload: Could not find file", "--payload", "@no-such-file")]
    public async Task Should_name_the_option_and_its_rule_and_send_nothing_when_a_value_is_invalid(string message, params string[] options)
    {
        var (exitCode, _, error) = await RunAsync(["thing", "make", "x", .. options], "");

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.StartsWith("morag: " + message, error, StringComparison.Ordinal);
        Assert.DoesNotContain(node.Calls, call => call.Method == "POST");
    }

    [Theory]
    [InlineData("--payload is 101 bytes as JSON; the limit is 100 bytes", "--payload", 'x', 99)]
    [InlineData("--payload is 102 bytes as JSON; the limit is 100 bytes", "--payload", '\u00e4', 50)]
    [InlineData("--note is 11 bytes; the limit is 10 bytes", "--note", 'x', 11)]
    [InlineData("--note is 12 bytes; the limit is 10 bytes", "--note", '\u00e4', 6)]
    public async Task Should_count_bytes_and_send_nothing_when_a_value_is_too_large(string message, string option, char letter, int length)
    {
        var (exitCode, _, error) = await RunAsync(["thing", "make", "x", option, new string(letter, length)], "");

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.StartsWith("morag: " + message, error, StringComparison.Ordinal);
        Assert.DoesNotContain(node.Calls, call => call.Method == "POST");
    }

    [Theory]
    [InlineData("--payload", 'x', 98)]
    [InlineData("--payload", '\u00e4', 49)]
    [InlineData("--note", 'x', 10)]
    [InlineData("--note", '\u00e4', 5)]
    public async Task Should_send_a_value_when_its_size_equals_the_limit(string option, char letter, int length) =>
        Assert.Equal(ExitCode.Ok, (await RunAsync(["thing", "make", "x", option, new string(letter, length)], "")).ExitCode);

    [Fact]
    public async Task Should_measure_json_after_compacting_it_when_it_is_indented()
    {
        var indented = "{" + new string(' ', 200) + "\"a\":\n\t1}";

        var (exitCode, _, error) = await RunAsync(["thing", "make", "x", "--payload-json", "-"], indented);

        Assert.Equal((ExitCode.Ok, ""), (exitCode, error));
        Assert.Equal("""{"a":1}""", node.Calls.Last().Body!["payload"]!.ToJsonString());
    }

    [Fact]
    public async Task Should_fail_with_a_usage_error_when_the_command_is_unknown()
    {
        Assert.Equal(ExitCode.Usage, (await RunAsync("thing", "fly")).ExitCode);
        Assert.Equal(ExitCode.Usage, (await RunAsync("nothing")).ExitCode);
        Assert.Equal(ExitCode.Usage, (await RunAsync("thing", "make")).ExitCode);
    }

    [Fact]
    public async Task Should_say_only_that_a_command_is_unknown_when_a_word_is_no_command()
    {
        var (exitCode, _, error) = await RunAsync("frobnicate");

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Contains("frobnicate", Assert.Single(error.Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, "")]
    [InlineData(5, "")]
    [InlineData(6, "showing the first 5. Raise --limit or add a filter to see more")]
    public async Task Should_say_that_there_are_more_only_when_there_are(int count, string said)
    {
        node.Answer = (call, context) =>
        {
            if (call.PathAndQuery == "/api/v1/palettes")
            {
                return Task.FromResult<IResult?>(Served());
            }

            // A node that looks through a store says that a page follows whenever this one is full.
            var size = int.Parse(context.Request.Query["limit"]!, System.Globalization.CultureInfo.InvariantCulture);
            if (count >= size)
            {
                context.Response.Headers.Link = $"</api/v1/things?limit={size}&after={size}>; rel=\"next\"";
            }

            var things = Enumerable.Range(0, Math.Min(count, size)).Select(number => new { name = number });
            return Task.FromResult<IResult?>(FakeNode.Json(things));
        };

        var (exitCode, output, error) = await RunAsync("thing", "list", "--limit", "5");

        Assert.Equal((ExitCode.Ok, said), (exitCode, error.Trim()));
        Assert.Equal(Math.Min(count, 5) + 1, Rows(output).Length);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/path", "without a path or query")]
    [InlineData("127.0.0.1:1?x=1", "without a path or query")]
    [InlineData("http://127.0.0.1:1/#x", "without a path or query")]
    [InlineData("http://user:secret@127.0.0.1:1", "a user name or password before 127.0.0.1:1")]
    [InlineData("ftp://127.0.0.1:1", "such as http://127.0.0.1:8080")]
    public async Task Should_name_the_part_that_an_address_must_not_have(string address, string said)
    {
        var (exitCode, _, error) = await RunAsync(["thing", "list", "--node", address], "", withNode: false);

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.StartsWith("morag: --node must", error, StringComparison.Ordinal);
        Assert.Contains(said, error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("0")]
    [InlineData("1,000")]
    [InlineData("1e400")]
    public async Task Should_name_the_range_of_the_limit_in_one_line_when_it_is_invalid(string limit)
    {
        var (exitCode, output, error) = await RunAsync("thing", "list", "--limit", limit);

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Empty(output);
        Assert.Equal($"--limit must be a whole number from 1 to 1000000, not \"{limit}\"", error.Trim());
    }

    [Fact]
    public async Task Should_read_numbers_with_a_decimal_point_when_the_machine_uses_a_comma()
    {
        var culture = System.Globalization.CultureInfo.CurrentCulture;
        System.Globalization.CultureInfo.CurrentCulture = new System.Globalization.CultureInfo("")
        {
            NumberFormat = new() { NumberDecimalSeparator = ",", NumberGroupSeparator = "." },
        };
        try
        {
            await RunAsync("thing", "make", "x", "--memory-gb", "1.5");
        }
        finally
        {
            System.Globalization.CultureInfo.CurrentCulture = culture;
        }

        Assert.Equal("1.5", node.Calls.Last().Body!["memory_gb"]!.ToJsonString());
    }

    [Fact]
    public async Task Should_read_json_from_a_file_when_it_starts_with_a_byte_order_mark()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, [0xEF, 0xBB, 0xBF, .. "{\"a\":1}"u8]);

        var (exitCode, _, error) = await RunAsync("thing", "make", "x", "--payload-json", "@" + file);

        Assert.Equal("", error);
        Assert.Equal(ExitCode.Ok, exitCode);
        Assert.Equal("""{"a":1}""", node.Calls.Last().Body!["payload"]!.ToJsonString());
        File.Delete(file);
    }

    [Fact]
    public async Task Should_require_no_confirmation_and_no_reason_when_it_is_a_dry_run()
    {
        Answer(_ => FakeNode.Json(new { count = 2 }));

        var (exitCode, output, error) = await RunAsync("thing", "remove-all", "--dry-run");

        Assert.Equal("", error);
        Assert.Equal(ExitCode.Ok, exitCode);
        Assert.Equal("count  2", output.Trim());
        Assert.Equal("""{"filter":{},"dry_run":true}""", node.Calls.Last().Body!.ToJsonString());
    }

    [Fact]
    public async Task Should_require_a_reason_and_a_confirmation_when_it_is_not_a_dry_run()
    {
        var (exitCode, _, error) = await RunAsync("thing", "remove-all", "--yes");
        Assert.Equal((ExitCode.Usage, "morag: --reason is required, except with --dry-run"), (exitCode, error.Trim()));

        // Without a terminal there is nobody to ask.
        if (Console.IsInputRedirected)
        {
            (exitCode, _, error) = await RunAsync("thing", "remove-all", "--reason", "old");
            Assert.Equal(
                (ExitCode.Usage, "morag: this command asks for confirmation. Add --yes to run it without a terminal"),
                (exitCode, error.Trim()));
        }

        Assert.DoesNotContain(node.Calls, call => call.Method == "POST");
        Assert.Equal(ExitCode.Ok, (await RunAsync("thing", "remove-all", "--reason", "old", "--state", "new", "--yes")).ExitCode);
        Assert.Equal("""{"filter":{"state":"new"},"reason":"old"}""", node.Calls.Last().Body!.ToJsonString());
    }

    [Theory]
    [InlineData(400, ExitCode.Refused)]
    [InlineData(401, ExitCode.Unauthorised)]
    [InlineData(403, ExitCode.Unauthorised)]
    [InlineData(404, ExitCode.NotFound)]
    [InlineData(409, ExitCode.Conflict)]
    [InlineData(413, ExitCode.Refused)]
    [InlineData(429, ExitCode.Refused)]
    [InlineData(500, ExitCode.NodeError)]
    [InlineData(503, ExitCode.NodeError)]
    public async Task Should_map_the_status_to_an_exit_code_when_a_call_is_rejected(int status, int expected)
    {
        Answer(
            _ => Results.Problem(
                "must be nicer",
                type: ProblemTypes.Prefix + "rude",
                statusCode: status,
                extensions: new Dictionary<string, object?> { ["field"] = "name" }));

        var (exitCode, output, error) = await RunAsync("thing", "make", "x");

        Assert.Equal(expected, exitCode);
        Assert.Empty(output);
        Assert.Single(error.Trim().Split('\n'));
        Assert.Contains(status == 401 ? "token" : "name: must be nicer", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_exit_as_not_found_when_a_field_names_an_unknown_queue()
    {
        Answer(_ => Results.Problem("must be one of cpu", type: "urn:morag-failover:problem:unknown_queue", statusCode: 400));

        Assert.Equal(ExitCode.NotFound, (await RunAsync("thing", "make", "x")).ExitCode);
    }

    [Fact]
    public async Task Should_name_the_address_when_no_node_answers()
    {
        await node.StopAsync();

        var (exitCode, _, error) = await RunAsync("thing", "list");

        Assert.Equal(ExitCode.Unreachable, exitCode);
        Assert.StartsWith($"morag: no node answers at {node.Address.ToString().TrimEnd('/')} (", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_not_ask_for_confirmation_when_yes_is_given()
    {
        Assert.Equal(ExitCode.Ok, (await RunAsync("thing", "remove", "x", "--yes")).ExitCode);
        Assert.Contains(node.Calls, call => call is { Method: "DELETE", PathAndQuery: "/api/v1/things/x" });
    }

    [Theory]
    [InlineData("""{"result":"a\nb"}""", ExitCode.Ok, "a\nb")]
    [InlineData("""{"result":{"a":1}}""", ExitCode.Ok, """{"a":1}""")]
    [InlineData("""{"result":null,"state":"leased"}""", ExitCode.NotFound, "")]
    public async Task Should_print_a_raw_value_unchanged(string answer, int expected, string printed)
    {
        Answer(_ => Results.Text(answer, "application/json"));

        var (exitCode, output, _) = await RunAsync("thing", "text", "x");

        Assert.Equal(expected, exitCode);
        Assert.Equal(printed, output);
    }

    [Theory]
    [InlineData(200, ExitCode.Ok)]
    [InlineData(503, ExitCode.NodeError)]
    public async Task Should_ask_for_readiness_without_palettes_when_the_health_is_checked(int status, int expected)
    {
        node.Answer = (_, _) => Task.FromResult<IResult?>(
            status == 200 ? FakeNode.Json(new { status = "ready" }) : Results.Problem("cluster: not a member yet", statusCode: status));

        var (exitCode, output, error) = await RunAsync("health");

        Assert.Equal(expected, exitCode);
        Assert.Equal(["/health/ready"], node.Calls.Select(call => call.PathAndQuery));
        Assert.Contains(status == 200 ? "ready" : "cluster: not a member yet", output + error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_list_palette_commands_in_the_help()
    {
        Assert.Contains("Things", (await RunAsync("--help")).Output, StringComparison.Ordinal);
        Assert.Contains("--max-retries", (await RunAsync("thing", "make", "--help")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_complete_palette_commands()
    {
        Environment.SetEnvironmentVariable("MORAG_NODE", node.Address.ToString());
        try
        {
            Assert.Contains(
                "make", (await RunAsync(["[suggest:12]", "morag thing "], "", withNode: false)).Output, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("MORAG_NODE", null);
        }
    }

    [Fact]
    public async Task Should_name_the_option_and_not_the_token_when_the_token_cannot_be_sent()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "secret\nsecond");

            var given = await RunAsync("thing", "list", "--token", "secret\nsecond");
            var read = await RunAsync("thing", "list", "--token-file", file);

            Assert.Equal((ExitCode.Usage, ExitCode.Usage), (given.ExitCode, read.ExitCode));
            Assert.Contains("--token must consist of visible ASCII characters", given.Error, StringComparison.Ordinal);
            Assert.Contains($"the token in the file {file} must consist of visible ASCII characters", read.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", given.Error + read.Error, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Should_send_the_token_when_it_is_given()
    {
        node.RequiredToken = "secret";

        var (exitCode, _, error) = await RunAsync("thing", "list");
        Assert.Equal(
            (ExitCode.Unauthorised, "morag: the node needs a token. Give one with --token, --token-file or MORAG_TOKEN"),
            (exitCode, error.Trim()));
        Assert.StartsWith(
            "morag: the node rejected the token.", (await RunAsync("thing", "list", "--token", "wrong")).Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, (await RunAsync("thing", "list", "--token", "secret")).ExitCode);
    }

    private static PaletteParameter InBody(string name, ParameterType type = ParameterType.Text) =>
        new() { Name = name, Help = "", In = ParameterPlace.Body, Type = type };

    private static IResult Served() => Results.Text(JsonSerializer.Serialize(new[] { Things }, ContractsJson.Options), "application/json");

    private void Answer(Func<SeenCall, IResult> answer) =>
        node.Answer = (call, _) => Task.FromResult<IResult?>(call.PathAndQuery == "/api/v1/palettes" ? Served() : answer(call));

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) => RunAsync(arguments, "");

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string[] arguments, string input, bool withNode = true)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var standardInput = new MemoryStream(Encoding.UTF8.GetBytes(input));
        string[] all = withNode ? [.. arguments, "--node", node.Address.ToString()] : arguments;
        var exitCode = await new MoragCommandLine(output, error, standardInput, clock).RunAsync(all);
        return (exitCode, output.ToString(), error.ToString());
    }

    private static string[] Rows(string table) =>
        [.. table.Split('\n')
            .Where(line => line.Any(char.IsLetterOrDigit))
            .Select(line => string.Join(" | ", line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))];
}
