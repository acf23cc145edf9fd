using System.IO.Compression;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>What HTTP itself promises: methods, encodings, locations, and an answer to what is no proper request.</summary>
public sealed class ProtocolSpecs(ProtocolSpecs.Node shared) : IClassFixture<ProtocolSpecs.Node>
{
    private const string PostOfTasks = "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

    private HttpNode Http => shared.Http;

    [Fact]
    public async Task Should_answer_HEAD_as_GET_without_a_body_wherever_GET_is_allowed()
    {
        var document = (await Http.Call("GET", "/openapi/v1.json")).Body;
        var paths = document.GetProperty("paths").EnumerateObject()
            .Where(path => path.Value.TryGetProperty("get", out _))
            .Select(path => path.Name
                .Replace("{id}", "x-1", StringComparison.Ordinal)
                .Replace("{queue}", "cpu_batch", StringComparison.Ordinal))
            .Where(path => !path.Contains("/journal/", StringComparison.Ordinal))
            .ToList();

        Assert.Contains("/health/ready", paths);
        foreach (var path in paths.Append("/openapi/v1.json"))
        {
            using var get = new HttpRequestMessage(HttpMethod.Get, path);
            using var head = new HttpRequestMessage(HttpMethod.Head, path);
            using var gotten = await Http.Client.SendAsync(get, HttpCompletionOption.ResponseHeadersRead);
            using var headed = await Http.Client.SendAsync(head);

            Assert.True(gotten.StatusCode == headed.StatusCode, $"{path}: {gotten.StatusCode} and {headed.StatusCode}");
            Assert.Equal(gotten.Content.Headers.ContentType, headed.Content.Headers.ContentType);
            Assert.Empty(await headed.Content.ReadAsByteArrayAsync());
        }

        await Eventually.IsTrue(() => Http.OpenCalls == 0);
    }

    [Theory]
    [InlineData("PUT", "/api/v1/tasks", "GET, HEAD, POST")]
    [InlineData("PATCH", "/api/v1/workers/w-1", "DELETE, GET, HEAD")]
    [InlineData("POST", "/health/ready", "GET, HEAD")]
    [InlineData("HEAD", "/api/v1/tasks/t-1/complete", "POST")]
    [InlineData("OPTIONS", "/api/v1/tasks/t-1/complete", "POST")]
    public async Task Should_answer_405_with_the_methods_that_are_allowed_when_a_path_has_others(string method, string path, string allowed)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await Http.Client.SendAsync(request);

        Assert.Equal(405, (int)answer.StatusCode);
        Assert.Equal(allowed, string.Join(", ", answer.Content.Headers.Allow.Order(StringComparer.Ordinal)));
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZIP")]
    [InlineData("x-gzip")]
    public async Task Should_read_a_body_that_is_compressed_with_gzip(string encoding)
    {
        var answer = await Post("/api/v1/tasks", Gzipped("""{"task_id":"zipped","queue":"cpu_batch","payload":{"a":"ä"}}"""), encoding);

        Assert.True(answer.Status == 202, answer.Body.ToString());
        Assert.Equal(
            """{"a":"ä"}""",
            Http.Owners.Received<SubmitTasks>()
                .SelectMany(message => message.Tasks)
                .Last(task => task.TaskId.Value == "zipped")
                .Payload.Raw);
    }

    [Fact]
    public async Task Should_answer_413_when_a_small_body_becomes_a_large_one()
    {
        var bomb = Gzipped(writer =>
        {
            var blank = Encoding.ASCII.GetBytes(new string(' ', 1024 * 1024));
            for (var written = 0; written < 512; written++)
            {
                writer.Write(blank);
            }
        });
        Assert.True(bomb.Length < 1024 * 1024);

        var answer = await Post("/api/v1/tasks", bomb, "gzip");

        Assert.Equal(413, answer.Status);
        Assert.Contains("8388608 bytes", answer.Text("detail"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("gzip, gzip")]
    [InlineData("zstd")]
    public async Task Should_answer_415_with_the_encoding_that_it_reads_when_a_body_is_encoded_in_another_way(string encoding)
    {
        var answer = await Post("/api/v1/tasks", Gzipped("""{"queue":"cpu_batch"}"""), encoding);

        Assert.Equal(415, answer.Status);
        Assert.Equal("gzip", answer.Headers["Accept-Encoding"]);
        Assert.Contains(encoding, answer.Text("detail"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_answer_400_when_a_compressed_body_is_broken(bool cut)
    {
        var whole = Gzipped("""{"queue":"cpu_batch","payload":"some text that takes a few bytes, and some more of it"}""");

        var answer = await Post("/api/v1/tasks", cut ? whole[..^20] : [.. whole[..20], .. new byte[20], .. whole[40..]], "gzip");

        Assert.True(answer.Status == 400, $"{answer.Status} {answer.Body}");
        Assert.Equal("application/problem+json", answer.MediaType);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(-8)]
    [InlineData(-1)]
    public async Task Should_say_that_the_gzip_data_is_damaged_when_its_header_checksum_or_length_is_wrong(int damaged)
    {
        var bytes = Gzipped("""{"queue":"cpu_batch"}""");
        bytes[damaged < 0 ? bytes.Length + damaged : damaged] ^= 0xFF;

        var answer = await Post("/api/v1/tasks", bytes, "gzip");

        Assert.Equal(400, answer.Status);
        Assert.Contains("gzip data is damaged", answer.Text("detail"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"task_id":"marked","queue":"cpu_batch"}""", 202)]
    [InlineData("""[{"task_id":"marked","queue":"cpu_batch"}]""", 202)]
    [InlineData("", 400)]
    public async Task Should_read_a_body_after_its_byte_order_mark(string body, int status)
    {
        var answer = await Http.Call("POST", "/api/v1/tasks", "\uFEFF" + body);

        Assert.True(answer.Status == status, answer.Body.ToString());
        Assert.Equal(status == 400 ? "the body is empty" : null, body.Length == 0 ? answer.Text("detail") : null);
    }

    [Theory]
    [InlineData("/api/v1/tasks")]
    [InlineData("/api/v1/tasks/")]
    public async Task Should_name_the_place_of_a_new_task_whatever_the_path_ended_with(string path)
    {
        var answer = await Http.Call("POST", path, """{"task_id":"t:1","queue":"cpu_batch"}""");

        Assert.Equal("/api/v1/tasks/t%3A1", answer.Headers["Location"]);
    }

    [Theory]
    [InlineData("/tasks", """{"queue":"cpu_batch","content_type":"a\u0000b"}""", "content_type", "U+0000 at position 1")]
    [InlineData("/tasks", """[{"queue":"cpu_batch"},{"queue":"cpu_batch","content_type":"video/mp4\n"}]""", "[1].content_type", "U+000A")]
    [InlineData("/tasks", """{"queue":"cpu_batch","content_type":"\u009b31m"}""", "content_type", "U+009B")]
    [InlineData(
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"cpu","name":"a\u001b[2J"}}""",
        "registration.name",
        "U+001B")]
    [InlineData(
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"cpu","supported_content_types":["a","\u0000"]}}""",
        "registration.supported_content_types[1]",
        "U+0000")]
    [InlineData(
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"cpu","location":{"hostname":"a\u0000"}}}""",
        "registration.location.hostname",
        "U+0000")]
    [InlineData(
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"cpu","hardware":{"gpu_models":["\r"]}}}""",
        "registration.hardware.gpu_models[0]",
        "U+000D")]
    public async Task Should_refuse_control_characters_in_a_text_of_one_line(string path, string body, string field, string said)
    {
        var answer = await Http.Call("POST", "/api/v1" + path, body);

        Assert.Equal(400, answer.Status);
        Assert.Equal(field, answer.Text("field"));
        Assert.Contains(said, answer.Text("detail"), StringComparison.Ordinal);
    }

    // What the server finds wrong with a body it says to the call that reads it; these are the node's own to answer.
    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nno chunk at all\r\n", "400")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n", "400")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n-1\r\n", "400")]
    [InlineData("Content-Length: 100000000\r\n\r\n", "413")]
    public async Task Should_answer_with_problem_details_when_the_server_refuses_a_body(string rest, string status)
    {
        var answer = await Raw(PostOfTasks + "Connection: close\r\n" + rest);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
        Assert.Empty(Http.LoggedFailures);
    }

    [Theory]
    [InlineData("Content-Length: 100\r\n\r\n{", true)]
    [InlineData("Content-Length: 100\r\n\r\n{", false)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\n{", true)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\n{", false)]
    public async Task Should_log_no_failure_when_the_client_goes_away_in_the_middle_of_a_body(string rest, bool resets)
    {
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(Http.Client.BaseAddress!.Host, Http.Client.BaseAddress.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(PostOfTasks + rest));
            await Eventually.IsTrue(() => Http.OpenCalls == 1);
            client.LingerState = new LingerOption(resets, 0);
        }

        await Eventually.IsTrue(() => Http.OpenCalls == 0);
        Assert.Empty(Http.LoggedFailures);
    }

    // What is no request at all the server refuses by itself, with the status alone.
    [Theory]
    [InlineData("GET /api/v1/tasks/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", "400")]
    [InlineData("GET /api/v1/tasks HTTP/1.1\r\n\r\n", "400")]
    [InlineData("no request at all\r\n\r\n", "400")]
    [InlineData("GET /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n", "431")]
    public async Task Should_refuse_what_is_not_a_request_and_go_on_working(string request, string status)
    {
        var answer = await Raw(request.Replace("{long}", new string('x', 40_000), StringComparison.Ordinal));

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", answer, StringComparison.Ordinal);
        Assert.Equal(200, (await Http.Call("GET", "/health/live")).Status);
    }

    [Fact]
    public async Task Should_give_back_the_memory_of_every_body_however_its_reading_ends()
    {
        const string Object = """{"task_id":"large","queue":"cpu_batch","payload":"ä"}""";
        var large = new string(' ', 300_000) + Object;
        var gzipped = Gzipped(large);

        Assert.Equal(202, (await Http.Call("POST", "/api/v1/tasks", large)).Status);
        Assert.Equal(202, (await Post("/api/v1/tasks", gzipped, "gzip")).Status);
        Assert.Equal(400, (await Http.Call("POST", "/api/v1/tasks", large[..^1])).Status);
        Assert.Equal(400, (await Post("/api/v1/tasks", gzipped[..^10], "gzip")).Status);
        Assert.Equal(400, (await Post("/api/v1/tasks", [.. gzipped[..^8], .. new byte[8]], "gzip")).Status);
        Assert.Equal(400, (await Post("/api/v1/tasks", Encoding.Latin1.GetBytes(large), "identity")).Status);
        Assert.Equal(413, (await Post("/api/v1/tasks", Gzipped(new string(' ', 9 << 20)), "gzip")).Status);
        var chunk = "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + $"Transfer-Encoding: chunked\r\n\r\n40000\r\n{new string(' ', 0x40000)}\r\n";
        Assert.StartsWith("HTTP/1.1 400", await Raw(chunk + "FFFFFFFFFFFFFFFF\r\n"), StringComparison.Ordinal);
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(Http.Client.BaseAddress!.Host, Http.Client.BaseAddress.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(chunk));
            await Eventually.IsTrue(() => JsonBody.Memory.Reserved > 0);
        }

        await Eventually.IsTrue(() => JsonBody.Memory.Reserved == 0);
    }

    private static byte[] Gzipped(string text) => Gzipped(writer => writer.Write(Encoding.UTF8.GetBytes(text)));

    private static byte[] Gzipped(Action<GZipStream> write)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            write(gzip);
        }

        return zipped.ToArray();
    }

    private async Task<HttpAnswer> Post(string path, byte[] body, string encoding)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        return await Http.Send(request);
    }

    private async Task<string> Raw(string request)
    {
        using var client = new TcpClient();
        using var patience = new CancellationTokenSource(HttpNode.Patience);
        await client.ConnectAsync(Http.Client.BaseAddress!.Host, Http.Client.BaseAddress.Port, patience.Token);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), patience.Token);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(patience.Token);
    }

    public sealed class Node : IAsyncLifetime
    {
        public HttpNode Http { get; private set; } = null!;

        public async Task InitializeAsync() => Http = await HttpNode.Start();

        public async Task DisposeAsync() => await Http.DisposeAsync();
    }
}
