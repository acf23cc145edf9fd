using System.Text.Json;
using System.Text.RegularExpressions;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Palettes;

namespace Morag.Failover.Node.Tests.Palettes;

public sealed class PaletteSpecs
{
    private static readonly IReadOnlyList<Palette> Palettes = PaletteEndpoints.All(new QueueSettings { MaxPayload = 1_000_000 });

    public static TheoryData<string> Commands =>
        [.. Palettes.SelectMany(palette => palette.Commands.Select(command => $"{palette.Name} {command.Name}"))];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Should_fill_every_place_of_the_path_and_no_name_twice(string name)
    {
        var command = Find(name);
        var inPath = command.Arguments.Concat(command.Options)
            .Where(parameter => parameter.In == ParameterPlace.Path)
            .Select(parameter => parameter.Name);
        var places = Regex.Matches(command.Path, "{([^}]+)}").Select(match => match.Groups[1].Value);
        Assert.Equal(places.Order(StringComparer.Ordinal), inPath.Order(StringComparer.Ordinal));

        var options = command.Options.Select(option => option.Name).ToArray();
        Assert.Equal(options.Distinct(StringComparer.Ordinal), options);
        Assert.DoesNotContain(options, option => option is "node" or "token" or "token-file" or "output" or "limit" or "yes" or "help");
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Should_send_no_body_with_a_get(string name)
    {
        var command = Find(name);
        if (command.Method == "GET")
        {
            Assert.DoesNotContain(command.Arguments.Concat(command.Options), parameter => parameter.In == ParameterPlace.Body);
            Assert.Empty(command.FixedFields);
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Should_give_a_range_for_every_number(string name) => Assert.All(
        Find(name).Arguments.Concat(Find(name).Options)
            .Where(parameter => parameter.Type is ParameterType.Number or ParameterType.WholeNumber),
        parameter => Assert.NotNull(parameter.Least));

    [Theory]
    [MemberData(nameof(Commands))]
    public void Should_ask_for_no_confirmation_of_a_dry_run(string name) =>
        Assert.All(Find(name).Options, option => Assert.Equal(option.Name == "dry-run", option.IsDryRun));

    [Fact]
    public void Should_allow_the_payload_that_the_settings_allow() => Assert.All(
        Find("task submit").Options.Where(option => option.Name.StartsWith("payload", StringComparison.Ordinal)),
        option => Assert.Equal(1_000_000, option.MaxBytes));

    [Theory]
    [InlineData("reason", CallLimits.MaxReasonBytes)]
    [InlineData("message", FailureLimits.MaxErrorMessageBytes)]
    [InlineData("context", FailureLimits.MaxContextBytes)]
    [InlineData("content-type", TaskLimits.MaxContentTypeBytes)]
    [InlineData("quality", TaskLimits.MaxQualityBytes)]
    [InlineData("doing", TaskLimits.MaxProgressMessageBytes)]
    [InlineData("checkpoint", TaskLimits.MaxCheckpointBytes)]
    public void Should_declare_the_size_limit_of_the_API_when_a_parameter_has_one(string name, int limit)
    {
        var parameters = Palettes.SelectMany(palette => palette.Commands)
            .SelectMany(command => command.Arguments.Concat(command.Options))
            .Where(parameter => parameter.Name == name)
            .ToList();

        Assert.NotEmpty(parameters);
        Assert.All(parameters, parameter => Assert.Equal(limit, parameter.MaxBytes));
    }

    [Theory]
    [InlineData("task list")]
    [InlineData("task show")]
    [InlineData("queue show")]
    public void Should_show_why_a_task_waits(string name) =>
        Assert.Contains(Find(name).Columns, column => column is { Header: "waits because", Field: "unmet_need" });

    [Fact]
    public void Should_be_the_same_after_a_trip_as_json()
    {
        var json = JsonSerializer.Serialize(Palettes, ContractsJson.Options);
        var read = JsonSerializer.Deserialize<Palette[]>(json, ContractsJson.Options);
        Assert.Equal(json, JsonSerializer.Serialize(read, ContractsJson.Options));
        Assert.Equal(
            [
                "worker", "breaker", "queue", "task", "bulk", "failure", "alert", "policy", "audit", "journal", "cluster", "events",
                "log", "sharding", "actor",
            ],
            read!.Select(palette => palette.Name));
    }

    private static PaletteCommand Find(string name)
    {
        var words = name.Split(' ');
        return Palettes.Single(palette => palette.Name == words[0]).Commands.Single(command => command.Name == words[1]);
    }
}
