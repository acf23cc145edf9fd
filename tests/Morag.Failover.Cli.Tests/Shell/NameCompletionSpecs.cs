using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.Tests.Shell;

/// <summary>Tab completes the names that the node knows.</summary>
public sealed class NameCompletionSpecs : IAsyncLifetime
{
    private static readonly Palette[] Palettes =
    [
        new()
        {
            Name = "queue",
            Summary = "",
            Commands = [Post("pause", "/api/v1/queues/{queue}/pause") with { Arguments = [Parameter("queue", ParameterPlace.Path)] }],
        },
        new()
        {
            Name = "worker",
            Summary = "",
            Commands = [Post("drain", "/api/v1/workers/{id}/drain") with { Arguments = [Parameter("id", ParameterPlace.Path)] }],
        },
        new()
        {
            Name = "alert",
            Summary = "",
            Commands = [Post("ack", "/api/v1/alerts/{alert}/acknowledge") with { Arguments = [Parameter("alert", ParameterPlace.Path)] }],
        },
        new()
        {
            Name = "task",
            Summary = "",
            Commands =
            [
                Post("submit", "/api/v1/tasks") with
                {
                    Options = [Parameter("queue", ParameterPlace.Body), Parameter("payload", ParameterPlace.Body)],
                },
                Post("show", "/api/v1/tasks/{id}") with { Arguments = [Parameter("id", ParameterPlace.Path)] },
            ],
        },
    ];

    private readonly FakeNode node = new();
    private bool fails;

    public Task InitializeAsync()
    {
        node.Answer = (call, _) => Task.FromResult<IResult?>(call.PathAndQuery switch
        {
            "/api/v1/palettes" => Results.Text(JsonSerializer.Serialize(Palettes, ContractsJson.Options), "application/json"),
            _ when fails => Results.StatusCode(500),
            "/api/v1/queues" => FakeNode.Json(new[] { new { queue_type = "gpu_priority" }, new { queue_type = "cpu_batch" } }),
            "/api/v1/workers?limit=200" => FakeNode.Json(new[]
            {
                new { registration = new { worker_id = "gpu-3" } },
                new { registration = new { worker_id = "$(rm)" } },
            }),
            "/api/v1/alerts?state=active&limit=200" => FakeNode.Json(new[] { new { id = 17 } }),
            _ => null,
        });
        return node.StartAsync();
    }

    public async Task DisposeAsync() => await node.DisposeAsync();

    [Theory]
    [InlineData("queue pause ", "gpu_priority")]
    [InlineData("queue pause gpu", "gpu_priority")]
    [InlineData("task submit --queue ", "cpu_batch")]
    [InlineData("worker drain ", "gpu-3")]
    [InlineData("alert ack ", "17")]
    public async Task Should_offer_the_names_that_the_node_knows(string before, string name)
    {
        Assert.Contains(name, await CompleteAsync(before));
        Assert.DoesNotContain("$(rm)", await CompleteAsync(before));
    }

    [Theory]
    [InlineData("queue pause x", "gpu_priority")]
    [InlineData("task show ", "gpu-3")]
    [InlineData("task submit --payload ", "cpu_batch")]
    public async Task Should_offer_no_names_that_do_not_fit(string before, string name) =>
        Assert.DoesNotContain(name, await CompleteAsync(before));

    [Fact]
    public async Task Should_offer_the_rest_when_the_node_does_not_list_the_names()
    {
        fails = true;

        Assert.Contains("--payload", await CompleteAsync("task submit "));
        Assert.DoesNotContain("cpu_batch", await CompleteAsync("task submit --queue "));
    }

    [Fact]
    public async Task Should_offer_names_in_the_scripts_of_shells()
    {
        Environment.SetEnvironmentVariable("MORAG_NODE", node.Address.ToString());
        try
        {
            using var output = new StringWriter();
            const string Line = "morag queue pause gpu";

            var exitCode = await new MoragCommandLine(output, TextWriter.Null, Stream.Null, new FakeTimeProvider())
                .RunAsync([FormattableString.Invariant($"[suggest:{Line.Length}]"), Line]);

            Assert.Equal((ExitCode.Ok, "gpu_priority"), (exitCode, output.ToString().Trim()));
        }
        finally
        {
            Environment.SetEnvironmentVariable("MORAG_NODE", null);
        }
    }

    private static PaletteParameter Parameter(string name, ParameterPlace place) => new() { Name = name, Help = "", In = place };

    private static PaletteCommand Post(string name, string path) => new() { Name = name, Summary = "", Method = "POST", Path = path };

    private Task<IReadOnlyList<string>> CompleteAsync(string before) =>
        new MoragCommandLine(TextWriter.Null, TextWriter.Null, Stream.Null, new FakeTimeProvider())
            .CompleteAsync(["--node", node.Address.ToString()], before, CancellationToken.None);
}
