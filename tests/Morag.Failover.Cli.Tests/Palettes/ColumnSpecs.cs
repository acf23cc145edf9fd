using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.Tests.Palettes;

/// <summary>The columns that a user chooses, lists as values of options, and how values are printed.</summary>
public sealed class ColumnSpecs : IAsyncLifetime
{
    private static readonly Palette Tasks = new()
    {
        Name = "task",
        Summary = "Tasks",
        Commands =
        [
            new PaletteCommand
            {
                Name = "list",
                Summary = "",
                Method = "GET",
                Path = "/api/v1/tasks",
                Columns = [Column("task", "task_id"), Column("priority", "priority"), Column("failures", "retry_count")],
            },
            new PaletteCommand
            {
                Name = "cancel-all",
                Summary = "",
                Method = "POST",
                Path = "/api/v1/tasks/cancel",
                View = PaletteView.Record,
                Columns = [Column("action", "id"), Column("changed", "count"), Column("tasks", "sample")],
                Options =
                [
                    new PaletteParameter { Name = "id", Help = "", In = ParameterPlace.Body, Generated = true },
                    new PaletteParameter
                    {
                        Name = "dry-run", Help = "", In = ParameterPlace.Body, Type = ParameterType.Flag, IsDryRun = true,
                    },
                ],
            },
            new PaletteCommand
            {
                Name = "limit",
                Summary = "",
                Method = "POST",
                Path = "/api/v1/limits",
                Columns = [Column("task", "task_id")],
                Options =
                [
                    new PaletteParameter
                    {
                        Name = "reset",
                        Help = "Limits",
                        In = ParameterPlace.Body,
                        Type = ParameterType.List,
                        Choices = ["per_worker", "timeout", "weight"],
                    },
                ],
            },
        ],
    };

    private readonly FakeNode node = new();
    private object answer = new[]
    {
        Entry("t-1", 8, 2, null),
        Entry("t-2", 4, 0, new string('x', 500)),
    };

    public Task InitializeAsync()
    {
        node.Answer = (call, _) => Task.FromResult<IResult?>(call.PathAndQuery == "/api/v1/palettes"
            ? Results.Text(JsonSerializer.Serialize(new[] { Tasks }, ContractsJson.Options), "application/json")
            : FakeNode.Json(answer));
        return node.StartAsync();
    }

    public async Task DisposeAsync() => await node.DisposeAsync();

    [Theory]
    [InlineData("bogus")]
    [InlineData("task,bogus")]
    [InlineData("error.bogus")]
    [InlineData("bogus", "--output", "json")]
    [InlineData("bogus", "--output", "csv")]
    public async Task Should_name_the_columns_when_the_list_has_no_such_one(params string[] columns)
    {
        var (exitCode, output, error) = await RunAsync(["task", "list", "--columns", .. columns]);

        Assert.Equal((ExitCode.Usage, ""), (exitCode, output));
        Assert.Contains("--columns can name task, priority, failures, task_id, ", error, StringComparison.Ordinal);
        Assert.Contains("last_error", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_accept_headings_fields_and_the_names_of_the_search_language()
    {
        var (exitCode, output, error) = await RunAsync(
            ["task", "list", "--columns", "task,failures,last_error,progress.percent,id,error,updated", "--output", "csv"]);

        Assert.Equal((ExitCode.Ok, ""), (exitCode, error));
        Assert.Equal("task,failures,last error,progress.percent,id,error,updated", output.Split("\r\n")[0]);
        Assert.Equal("t-1,2,,,t-1,,2026-11-29T03:00:00Z", output.Split("\r\n")[1]);
    }

    [Fact]
    public async Task Should_reject_the_columns_of_an_action_before_it_is_sent()
    {
        var (exitCode, _, error) = await RunAsync(["task", "limit", "--columns", "bogus"]);

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Contains("\"bogus\"", error, StringComparison.Ordinal);
        Assert.DoesNotContain(node.Calls, call => call.Method == "POST");
    }

    [Fact]
    public async Task Should_print_the_word_of_a_priority_and_cut_nothing_without_a_terminal()
    {
        var (_, output, _) = await RunAsync(["task", "list", "--columns", "id,priority,error"]);

        Assert.Matches("(?m)^t-1 +high +-$", output);
        Assert.Matches("(?m)^t-2 +4 +x{500}$", output);
    }

    [Theory]
    [InlineData("--reset", "per_worker,timeout")]
    [InlineData("--reset", "per_worker", "--reset", "timeout")]
    [InlineData("--reset", "per_worker, timeout")]
    public async Task Should_send_all_values_of_a_list_with_choices(params string[] options)
    {
        answer = new { task_id = "t-1" };

        var (exitCode, _, error) = await RunAsync(["task", "limit", .. options]);

        Assert.Equal((ExitCode.Ok, ""), (exitCode, error));
        Assert.Equal("""{"reset":["per_worker","timeout"]}""", node.Calls.Last().Body!.ToJsonString());
    }

    [Theory]
    [InlineData("per_worker,bogus", "bogus")]
    [InlineData("", "")]
    public async Task Should_name_the_value_of_a_list_that_is_no_choice(string given, string named)
    {
        var (exitCode, _, error) = await RunAsync(["task", "limit", "--reset", given]);

        Assert.Equal(ExitCode.Usage, exitCode);
        Assert.Equal($"morag: --reset must be one of per_worker, timeout, weight, not \"{named}\"", error.Trim());
    }

    [Theory]
    [InlineData("action +a-1\nchanged +2\ntasks +t-1, t-2")]
    [InlineData("would change +2\ntasks +t-1, t-2", "--dry-run")]
    public async Task Should_say_whether_an_action_changed_tasks_or_would(string shown, params string[] options)
    {
        answer = new { id = "a-1", count = 2, sample = new[] { "t-1", "t-2" } };

        var (exitCode, output, error) = await RunAsync(["task", "cancel-all", .. options]);

        Assert.Equal((ExitCode.Ok, ""), (exitCode, error));
        Assert.Matches($"^{shown}$", output.ReplaceLineEndings("\n").Trim());
    }

    [Fact]
    public async Task Should_fit_a_list_to_the_terminal()
    {
        var (_, output, _) = await RunAsync(["task", "list", "--columns", "id,error"], 40);

        Assert.Contains("id     t-2\nerror  " + new string('x', 500), output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    private static object Entry(string id, int priority, int failures, string? error) => new
    {
        task_id = id,
        priority,
        retry_count = failures,
        last_error = error,
        progress = (object?)null,
        updated_at = "2026-11-29T03:00:00Z",
    };

    private static PaletteColumn Column(string header, string field) => new() { Header = header, Field = field };

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string[] arguments, int? width = null)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var printed = new PrintedText(output, isTerminal: width is not null, width);
        string[] all = [.. arguments, "--node", node.Address.ToString()];
        var exitCode = await new MoragCommandLine(printed, error, Stream.Null, new FakeTimeProvider()).RunAsync(all);
        return (exitCode, output.ToString(), error.ToString());
    }
}
