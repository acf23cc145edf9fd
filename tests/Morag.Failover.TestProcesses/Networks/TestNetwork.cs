using System.Diagnostics;
using System.Globalization;

namespace Morag.Failover.TestProcesses.Networks;

/// <summary>
/// A private network of hosts around a router, in network namespaces that no other traffic enters. The router can drop what one host sends
/// to another, silently, so connections stay open until their ends give up. It needs root and iproute2.
/// </summary>
public sealed class TestNetwork : IDisposable
{
    private const string Prefix = "morag-test-";

    private static int networks;

    private readonly string name = string.Create(
        CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref networks)}");

    private readonly List<NetworkHost> hosts = [];

    private TestNetwork()
    {
    }

    /// <summary>Why tests that need it are skipped here. Null if they run, or if they fail because CI=true.</summary>
    public static string? SkipReason { get; } =
        Environment.GetEnvironmentVariable("CI") == "true" || CanBeCreated()
            ? null
            : "NOT TESTED: network namespaces need root and the command ip of iproute2 (with CI=true this is a failure)";

    private string Router => $"{name}-r";

    /// <summary>A host by its number.</summary>
    public NetworkHost this[int number] => hosts[number];

    /// <summary>Creates a network, and removes those that killed test runs have left.</summary>
    public static TestNetwork Create(int hosts)
    {
        RemoveLeftovers();
        var network = new TestNetwork();
        try
        {
            network.CreateRouter();
            for (var number = 0; number < hosts; number++)
            {
                network.AddHost(number);
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>From now on, nothing that one host sends reaches the other one. The way back stays open.</summary>
    public void Cut(NetworkHost from, NetworkHost to) =>
        Ip("-n", Router, "rule", "add", "from", from.Address, "to", to.Address, "priority", "100", "blackhole");

    /// <summary>From now on, nothing passes between the hosts of the two groups.</summary>
    public void Separate(IReadOnlyList<NetworkHost> some, IReadOnlyList<NetworkHost> others)
    {
        foreach (var (one, other) in some.SelectMany(one => others.Select(other => (one, other))))
        {
            Cut(one, other);
            Cut(other, one);
        }
    }

    /// <summary>Every host reaches every other one again.</summary>
    public void Heal()
    {
        while (Lines("-n", Router, "rule", "list", "priority", "100").Count > 0)
        {
            Ip("-n", Router, "rule", "del", "priority", "100");
        }
    }

    /// <summary>Kills what still runs on its hosts, and removes it.</summary>
    public void Dispose()
    {
        foreach (var host in hosts)
        {
            Remove(host.Name);
        }

        if (Namespaces().Contains(Router))
        {
            Remove(Router);
        }
    }

    private void CreateRouter()
    {
        Ip("netns", "add", Router);
        Ip("netns", "exec", Router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
    }

    private void AddHost(int number)
    {
        var subnet = string.Create(CultureInfo.InvariantCulture, $"10.77.{number}");
        var device = string.Create(CultureInfo.InvariantCulture, $"host{number}");
        var host = new NetworkHost(string.Create(CultureInfo.InvariantCulture, $"{name}-{number}"), $"{subnet}.2");
        Ip("netns", "add", host.Name);
        hosts.Add(host);
        Ip("-n", Router, "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", host.Name);
        Ip("-n", Router, "address", "add", $"{subnet}.1/24", "dev", device);
        Ip("-n", Router, "link", "set", device, "up");
        Ip("-n", host.Name, "address", "add", $"{host.Address}/24", "dev", "eth0");
        Ip("-n", host.Name, "link", "set", "lo", "up");
        Ip("-n", host.Name, "link", "set", "eth0", "up");
        Ip("-n", host.Name, "route", "add", "default", "via", $"{subnet}.1");
    }

    private static bool CanBeCreated()
    {
        if (Environment.UserName != "root")
        {
            return false;
        }

        try
        {
            Create(1).Dispose();
            return true;
        }
        catch (Exception refused) when (refused is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static void RemoveLeftovers()
    {
        foreach (var left in Namespaces().Where(left => left.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var owner = int.Parse(left[Prefix.Length..].Split('-')[0], CultureInfo.InvariantCulture);
            if (!Signals.Exists(owner))
            {
                Remove(left);
            }
        }
    }

    private static void Remove(string left)
    {
        foreach (var processId in Lines("netns", "pids", left))
        {
            Signals.Send(int.Parse(processId, CultureInfo.InvariantCulture), Signal.Kill);
        }

        Ip("netns", "delete", left);
    }

    /// <summary>The names of all namespaces. The command may add an id to each.</summary>
    private static List<string> Namespaces() => [.. Lines("netns", "list").Select(line => line.Split(' ')[0])];

    private static List<string> Lines(params string[] arguments) =>
        [.. Ip(arguments).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static string Ip(params string[] arguments)
    {
        using var ip = Process.Start(new ProcessStartInfo("ip", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = ip.StandardError.ReadToEndAsync();
        var output = ip.StandardOutput.ReadToEnd();
        ip.WaitForExit();
        return ip.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"ip {string.Join(' ', arguments)} failed: {errors.GetAwaiter().GetResult()}");
    }
}
