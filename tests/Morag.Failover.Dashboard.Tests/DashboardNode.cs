using System.Security.Cryptography;
using System.Text;
using Microsoft.Playwright;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Dashboard.Tests;

/// <summary>A node with sample data and a browser, shared by all specs.</summary>
public sealed class DashboardNode : IAsyncLifetime
{
    public const string OperatorToken = "operator-token-of-the-specs";
    public const string ReaderToken = "reader-token-of-the-specs";
    public const string WorkerToken = "worker-token-of-the-specs";

    /// <summary>The id of a task with a hostile payload, which failed once.</summary>
    public const string HostileTask = "hostile-1";

    /// <summary>The id of a worker that has sent heartbeats.</summary>
    public const string BeatingWorker = "gpu-1";

    /// <summary>How many heartbeats it has sent.</summary>
    public const int Beats = 7;

    /// <summary>Text that would do harm in a page that took it for HTML, or would turn the text around it.</summary>
    public const string Hostile = "<script>document.title='owned'</script><img src=x onerror=alert(1)>\u202Egnp.exe\" onload='x'";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("dashboard-");
    private IPlaywright? playwright;

    public NodeProcess Node { get; private set; } = null!;

    public IBrowser Browser { get; private set; } = null!;

    public DirectoryInfo Folder => folder;

    public async Task InitializeAsync()
    {
        Node = await NodeProcess.StartAsync(new()
        {
            DataFolder = Path.Combine(folder.FullName, "node"),
            Token = OperatorToken,
            Environment = new Dictionary<string, string> { ["MORAG_TOKEN"] = OperatorToken },
            Config = $$"""
                morag.tokens {
                  night-shift { kind = reader, sha256 = "{{Digest(ReaderToken)}}" }
                  farm { kind = worker, sha256 = "{{Digest(WorkerToken)}}", workers = ["gpu-*"] }
                }
                """,
        });
        await AddSampleDataAsync();
        if (Chromium.Program is not null)
        {
            // The default of 5 s is less than the time in which a worker is found missing on a loaded machine.
            Assertions.SetDefaultExpectTimeout((float)Eventually.Bound.TotalMilliseconds);
            playwright = await Playwright.CreateAsync();
            Browser = await Chromium.StartAsync(playwright);
        }
    }

    public async Task DisposeAsync()
    {
        if (Browser is not null)
        {
            await Browser.DisposeAsync();
        }

        playwright?.Dispose();
        await Node.DisposeAsync();
        folder.Delete(recursive: true);
    }

    /// <summary>Calls as a browser or a script does, without following redirects.</summary>
    public HttpClient CreateHttp() =>
        new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = Node.Address };

    /// <summary>Opens a page and signs in. Errors in its console and in its scripts are collected.</summary>
    public async Task<OpenPage> OpenAsync(
        string path = "/", string token = OperatorToken, ColorScheme scheme = ColorScheme.Light, int width = 1280, int height = 900)
    {
        var context = await Browser.NewContextAsync(new()
        {
            BaseURL = Node.Address.ToString(),
            ColorScheme = scheme,
            ViewportSize = new() { Width = width, Height = height },
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout((float)Eventually.Bound.TotalMilliseconds);
        var page = new OpenPage(context, await context.NewPageAsync());
        await page.Page.GotoAsync("/login?from=" + Uri.EscapeDataString(path));
        await page.Page.GetByLabel("Token").FillAsync(token);
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.Page.WaitForURLAsync(url => !url.Contains("/login", StringComparison.Ordinal));
        return page;
    }

    public static string Digest(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private async Task AddSampleDataAsync()
    {
        // Lost as late as a worker without heartbeats, so that it is there as long as the specs run.
        await RegisterAsync(BeatingWorker, "gpu", heartbeatSeconds: 90);
        for (var beat = 0; beat < Beats; beat++)
        {
            _ = await Node.Client.PostAsync($"/workers/{BeatingWorker}/heartbeat", new { status = "online" });
        }

        await RegisterAsync("cpu-1", "cpu");
        await RegisterAsync("formula-1", "cpu", "=HYPERLINK(\"https://evil.example/\", \"gpu\")");
        await Node.Client.SubmitAsync(
        [
            new { task_id = HostileTask, queue = "gpu_priority", payload = new { file = Hostile, line = new string('x', 250 * 1024) } },
        ]);
        await FailAsync(HostileTask, "gpu-1", Hostile);
        await Node.Client.SubmitAsync(Enumerable.Range(1, 120).Select(number => (object)new
        {
            task_id = $"render-{number:000}",
            queue = number % 3 == 0 ? "gpu_priority" : "cpu_standard",
            priority = number % 5 == 0 ? 8 : 5,
            payload = new { scene = $"shot-{number}", frames = new[] { 1, 100 }, deep = new { a = new { b = (object?)null } } },
        }));
        await CompleteAsync("cpu-1", 5);
    }

    private async Task RegisterAsync(string worker, string capability, string? name = null, double? heartbeatSeconds = null)
    {
        var registration = new
        {
            worker_id = worker,
            name = name ?? $"{worker} {Hostile}",
            capability,
            max_concurrent_tasks = 8,
            heartbeat_interval_seconds = heartbeatSeconds,
            hardware = new { cpu_cores = 16, memory_gb = 64, gpu_count = capability == "gpu" ? 1 : 0, gpu_memory_gb = 24 },
            tags = new Dictionary<string, string> { ["site"] = "home" },
        };
        _ = await Node.Client.PostAsync("/workers/register", new { registration });
    }

    private async Task FailAsync(string task, string worker, string message)
    {
        var leases = await Node.Client.PostAsync($"/workers/{worker}/lease", new { max_tasks = 1, wait_seconds = 20, request_id = "fail" });
        var lease = leases.EnumerateArray().Single(each => each.GetProperty("task_id").GetString() == task);
        _ = await Node.Client.PostAsync($"/tasks/{task}/progress", new
        {
            worker_id = worker,
            epoch = lease.GetProperty("epoch").GetInt64(),
            percent = 41.5,
            message,
            checkpoint = new { frame = 17, log = message },
        });
        _ = await Node.Client.PostAsync($"/tasks/{task}/fail", new
        {
            worker_id = worker,
            epoch = lease.GetProperty("epoch").GetInt64(),
            failure_type = "processing_error",
            error_message = message,
            context = new { log = message },
        });
        await Eventually.HoldsAsync(
            async () => (await Node.Client.TaskAsync(task)).State is not (TaskState.Leased or TaskState.Deciding),
            () => "the failure is decided");
    }

    private async Task CompleteAsync(string worker, int count)
    {
        var leases = await Node.Client.PostAsync(
            $"/workers/{worker}/lease", new { max_tasks = count, wait_seconds = 20, request_id = "complete" });
        foreach (var lease in leases.EnumerateArray())
        {
            _ = await Node.Client.PostAsync($"/tasks/{lease.GetProperty("task_id").GetString()}/complete", new
            {
                worker_id = worker,
                epoch = lease.GetProperty("epoch").GetInt64(),
                result = new { output = "frame.exr" },
            });
        }
    }
}

/// <summary>All specs share one node and one browser, which take seconds to start.</summary>
[CollectionDefinition(Name)]
public sealed class DashboardSpecs : ICollectionFixture<DashboardNode>
{
    public const string Name = "dashboard";
}

/// <summary>A page in a browser window of its own.</summary>
public sealed class OpenPage : IAsyncDisposable
{
    private readonly IBrowserContext context;
    private readonly List<string> errors = [];

    public OpenPage(IBrowserContext context, IPage page)
    {
        this.context = context;
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                errors.Add(message.Text);
            }
        };
        page.PageError += (_, error) => errors.Add(error);
    }

    public IPage Page { get; }

    /// <summary>What went wrong in the page.</summary>
    public IReadOnlyList<string> Errors => errors;

    /// <summary>Opens the form of an action, fills in the reason and sends it.</summary>
    public async Task ActAsync(string label, string? reason, bool isOpen = false)
    {
        var action = Page.Locator("details.action").Filter(new() { Has = Page.GetByText(label, new() { Exact = true }) });
        if (!isOpen)
        {
            await action.Locator("summary").ClickAsync();
        }

        if (reason is not null)
        {
            await action.GetByLabel("Reason").FillAsync(reason);
        }

        // The address of the page may be the same before and after.
        var answered = Page.WaitForResponseAsync(answer => answer.Request.Method == "POST");
        await action.GetByRole(AriaRole.Button, new() { Name = label, Exact = true }).ClickAsync();
        Assert.Equal(303, (await answered).Status);
    }

    /// <summary>Goes to another page.</summary>
    public Task GoAsync(string path) => Page.GotoAsync(path);

    public async ValueTask DisposeAsync() => await context.DisposeAsync();
}
