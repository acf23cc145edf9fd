using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.Deployment;

/// <summary>
/// The services of <c>docker/compose.yaml</c> as processes of this machine: the same commands, environment and health checks. What a
/// container engine would do is done here: every service has a loopback address of its own in place of its name, a folder in place of
/// <c>/data</c>, and the programs of the build in place of the image.
/// </summary>
internal sealed partial class ComposeProcesses : IAsyncDisposable
{
    private readonly Dictionary<string, RunningProgram> running = [];
    private readonly Dictionary<string, string> addresses;
    private readonly ComposeFile file;
    private readonly Dockerfile image = Dockerfile.Read();
    private readonly string folder;

    public ComposeProcesses(ComposeFile file, string folder)
    {
        this.file = file;
        this.folder = folder;
        var network = string.Create(
            CultureInfo.InvariantCulture, $"127.{RandomNumberGenerator.GetInt32(16, 250)}.{RandomNumberGenerator.GetInt32(1, 250)}");
        addresses = file.Services.Keys.Index().ToDictionary(
            service => service.Item, service => string.Create(CultureInfo.InvariantCulture, $"{network}.{service.Index + 1}"));
    }

    /// <summary>The services that run.</summary>
    public IReadOnlyDictionary<string, RunningProgram> Running => running;

    public Uri AddressOf(string service) => new($"http://{addresses[service]}:8080");

    /// <summary>Starts all services in the order of their dependencies, and returns when all are healthy.</summary>
    public async Task StartAsync()
    {
        var waiting = file.Services.Values.ToList();
        while (waiting.Count > 0)
        {
            var next = waiting.Where(service => service.DependsOn.All(running.ContainsKey)).ToList();
            next.ForEach(Start);
            foreach (var service in next)
            {
                await IsHealthyAsync(service);
            }

            _ = waiting.RemoveAll(next.Contains);
        }
    }

    /// <summary>Runs the health check of a service, and returns its exit code.</summary>
    public async Task<int> CheckAsync(string service, IReadOnlyDictionary<string, string>? environment = null)
    {
        var checkedService = file.Services[service];
        await using var check = RunningProgram.StartCommand(
            Words(checkedService.HealthCheck, checkedService), environment ?? EnvironmentOf(checkedService));
        return await check.EndedAsync();
    }

    public Dictionary<string, string> EnvironmentOf(string service) => EnvironmentOf(file.Services[service]);

    public async ValueTask DisposeAsync()
    {
        foreach (var program in running.Values.Reverse())
        {
            await program.DisposeAsync();
        }
    }

    private async Task IsHealthyAsync(ComposeService service) => await Eventually.HoldsAsync(
        async () => running[service.Name].HasEnded
            ? throw new InvalidOperationException($"{service.Name} ended; it wrote:\n{running[service.Name].Output}")
            : await CheckAsync(service.Name) == 0,
        () => $"{service.Name} is healthy; it wrote:\n{running[service.Name].Output}");

    private void Start(ComposeService service)
    {
        var entrypoint = service.Entrypoint.Count > 0 ? service.Entrypoint : service.IsOurs ? image.Entrypoint : [];
        IEnumerable<string> words = [.. entrypoint, .. service.Command];
        running[service.Name] = RunningProgram.StartCommand(Words(words, service), EnvironmentOf(service));
    }

    private Dictionary<string, string> EnvironmentOf(ComposeService service)
    {
        var environment = service.IsOurs ? image.Environment.ToDictionary() : [];
        foreach (var (name, value) in service.Environment)
        {
            environment[name] = value;
        }

        foreach (var (name, value) in environment)
        {
            environment[name] = Localized(value, service);
        }

        // The image has a script of this name on its path.
        var programs = Directory.CreateDirectory(Path.Combine(folder, "bin")).FullName;
        var script = Path.Combine(programs, "morag");
        if (!File.Exists(script) && !OperatingSystem.IsWindows())
        {
            File.WriteAllText(script, $"#!/bin/sh\nexec dotnet {Programs.Morag} \"$@\"\n");
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        environment["PATH"] = $"{programs}:{Environment.GetEnvironmentVariable("PATH")}";
        return environment;
    }

    // env looks for the program on the path of the service.
    private string[] Words(IEnumerable<string> words, ComposeService service) =>
        ["env", .. words.Select(word => Localized(word, service))];

    private string Localized(string text, ComposeService service)
    {
        var own = addresses[service.Name];
        text = text.Replace("0.0.0.0", own, StringComparison.Ordinal).Replace("127.0.0.1", own, StringComparison.Ordinal)
            .Replace("redis-server -", $"redis-server - --bind {own}", StringComparison.Ordinal)
            .Replace("node/Morag.Failover.Node.dll", Programs.Node, StringComparison.Ordinal);
        text = Name().Replace(text, name => addresses.GetValueOrDefault(name.Value, name.Value));
        var data = Directory.CreateDirectory(Path.Combine(folder, service.Name)).FullName;
        return DataFolder().Replace(text, data);
    }

    // A name before a port, or alone.
    [GeneratedRegex(@"(?<![\w./-])(redis|node\d)(?=:\d|$)|(?<=http://)node\d(?=:\d)")]
    private static partial Regex Name();

    [GeneratedRegex(@"(?<![\w./-])/data\b")]
    private static partial Regex DataFolder();

    /// <summary>What <c>docker/Dockerfile</c> sets for every container of the image.</summary>
    private sealed partial record Dockerfile(IReadOnlyDictionary<string, string> Environment, IReadOnlyList<string> Entrypoint)
    {
        public static Dockerfile Read()
        {
            var text = File.ReadAllText(Path.Combine(ComposeFile.DockerFolder(), "Dockerfile"))
                .Replace("\\\n", " ", StringComparison.Ordinal);
            var variables = text.Split('\n').Where(line => line.StartsWith("ENV ", StringComparison.Ordinal))
                .SelectMany(line => Assignment().Matches(line))
                .ToDictionary(found => found.Groups[1].Value, found => found.Groups[2].Value);
            var entrypoint = text.Split('\n').Single(line => line.StartsWith("ENTRYPOINT ", StringComparison.Ordinal));
            return new Dockerfile(variables, JsonSerializer.Deserialize<string[]>(entrypoint["ENTRYPOINT ".Length..])!);
        }

        [GeneratedRegex(@"(\w+)=(\S+)")]
        private static partial Regex Assignment();
    }
}
