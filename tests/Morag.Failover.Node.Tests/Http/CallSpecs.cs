using System.Text.Json;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>Every call with good input and with bad.</summary>
public sealed class CallSpecs(CallSpecs.Node shared) : IClassFixture<CallSpecs.Node>
{
    private HttpNode Http => shared.Http;

    [Theory]
    [InlineData("POST", "/tasks", """{"queue":"cpu_standard"}""", 202)]
    [InlineData(
        "POST",
        "/tasks",
        """{"task_id":"t:1","queue":"gpu_priority","priority":8"""
        + ""","payload":[1,{"a":null}],"timeout_seconds":5,"max_retries":0"""
        + ""","content_type":"video/mp4","quality":{"q":1}"""
        + ""","resource_requirements":{"gpu_required":true,"memory_gb":1.5,"disk_gb":2}"""
        + ""","estimated_duration":0.5,"a_later_version":1}""",
        202)]
    [InlineData("POST", "/tasks", """{"queue":"cpu_standard","priority":"urgent","payload":null,"quality":null,"task_id":null}""", 202)]
    [InlineData("POST", "/tasks", """ [{"queue":"cpu_standard"},{"queue":"cpu_batch"}]""", 202)]
    [InlineData("GET", "/tasks?state=parked&queue=cpu_standard&worker=w-1&limit=5&after=a", null, 200)]
    [InlineData("GET", "/tasks/t-1", null, 200)]
    [InlineData("GET", "/tasks/t-1/explain", null, 200)]
    [InlineData("POST", "/tasks/t-1/requeue", """{"reason":"fixed","queue":"cpu_batch","quality":{}}""", 200)]
    [InlineData("DELETE", "/tasks/t-1?reason=no+longer+needed", null, 200)]
    [InlineData("POST", "/tasks/requeue", """{"filter":{"queue":"cpu_batch"},"reason":"fixed","dry_run":true}""", 200)]
    [InlineData("POST", "/tasks/requeue", """{"filter":{},"dry_run":true}""", 200)]
    [InlineData("POST", "/tasks/cancel", """{"filter":{"state":"parked"},"reason":"old"}""", 200)]
    [InlineData("POST", "/tasks/cancel", """{"filter":{},"dry_run":true}""", 200)]
    [InlineData("POST", "/tasks/t-1/extend", """{"worker_id":"w-1","epoch":1,"seconds":60}""", 200)]
    [InlineData("POST", "/tasks/t-1/progress", """{"worker_id":"w-1","epoch":1,"percent":0}""", 200)]
    [InlineData("POST", "/tasks/t-1/progress", """{"worker_id":"w-1","epoch":1,"message":"page 3","checkpoint":{"page":3}}""", 200)]
    [InlineData("POST", "/tasks/t-1/progress", """{"worker_id":"w-1","epoch":1,"percent":99.5,"message":null,"checkpoint":null}""", 200)]
    [InlineData("POST", "/tasks/t-1/release", """{"worker_id":"w-1","epoch":1}""", 200)]
    [InlineData("POST", "/tasks/t-1/complete", """{"worker_id":"w-1","epoch":1,"result":"abc"}""", 200)]
    [InlineData(
        "POST",
        "/tasks/t-1/fail",
        """{"worker_id":"w-1","epoch":1,"failure_type":"processing_error","error_message":"no","context":{"line":3}}""",
        200)]
    [InlineData("POST", "/workers/register", """{"registration":{"worker_id":"w-1","capability":"gpu"}}""", 200)]
    [InlineData(
        "POST",
        "/workers/register",
        """{"registration":{"worker_id":"w-1","name":"box","capability":"hybrid","hardware":"""
        + """{"cpu_cores":8,"memory_gb":32,"gpu_count":1,"gpu_memory_gb":24,"gpu_models":["x"],"disk_space_gb":1000}"""
        + ""","location":{"hostname":"h","ip_address":"::1","port":1,"is_remote":true,"network_latency_ms":12.5}"""
        + ""","max_concurrent_tasks":4,"supported_content_types":["video/mp4"],"tags":{"site":"home"}"""
        + ""","queues":["gpu_priority"],"instance_id":"i-1","heartbeat_interval_seconds":1}"""
        + ""","auth_token":"unused"}""",
        200)]
    [InlineData(
        "POST",
        "/workers/w-1/heartbeat",
        """{"status":"online","metrics":{"cpu_usage_percent":10,"memory_usage_percent":20,"gpu_usage_percent":null"""
        + ""","active_tasks":1,"completed_tasks":2,"failed_tasks":3,"avg_task_duration_seconds":1.5}"""
        + ""","worker_id":"w-1","timestamp":"2026-11-23T18:00:00","instance_id":"i-1","held":"""
        + """[{"task_id":"t-1","epoch":1,"progress":0.5}]}""",
        200)]
    [InlineData(
        "POST",
        "/workers/w-1/heartbeat",
        """{"status":"busy","timestamp":"2026-11-23T18:00:00.123456","uptime":5,"metrics":{"fan_rpm":900}}""",
        200)]
    [InlineData("POST", "/workers/w-1/heartbeat", """{"status":"online","newer":1,"newer":{"a":1,"a":2}}""", 200)]
    [InlineData(
        "POST",
        "/workers/w-1/lease",
        """{"max_tasks":2,"wait_seconds":1,"queues":["gpu_priority"],"request_id":"r-1","instance_id":"i-1"}""",
        200)]
    [InlineData("POST", "/workers/w-1/lease", "{}", 200)]
    [InlineData(
        "POST",
        "/workers/w-1/results",
        """[{"task_id":"t-1","epoch":1,"result":{}},{"task_id":"t-2","epoch":2,"failure_type":"task_timeout","error_message":"late"}]""",
        200)]
    [InlineData("POST", "/workers/w-1/successes", """[{"task_id":"x","event_id":"e","duration_seconds":1.5}]""", 200)]
    [InlineData("POST", "/workers/w-1/drain", """{"reason":"update","deadline_seconds":60}""", 200)]
    [InlineData("POST", "/workers/w-1/resume", null, 200)]
    [InlineData("POST", "/workers/w-1/offline", """{"reason":"on fire","affected_tasks":["x-1","t-1"]}""", 200)]
    [InlineData("POST", "/workers/w-1/breaker", """{"action":"open","reason":"suspicious"}""", 200)]
    [InlineData("DELETE", "/workers/w-1", null, 200)]
    [InlineData("DELETE", "/workers/w-1?instance_id=i-1", null, 200)]
    [InlineData("GET", "/workers?limit=1000&after=w-0", null, 200)]
    [InlineData("GET", "/workers/stats", null, 200)]
    [InlineData("GET", "/workers/w-1", null, 200)]
    [InlineData("GET", "/workers/w-1/reliability", null, 200)]
    [InlineData(
        "POST",
        "/failures",
        """{"event_id":"e-1","task_id":"t-1","worker_id":"w-1","epoch":3"""
        + ""","failure_type":"worker_offline","error_message":"gone","context":{}}""",
        200)]
    [InlineData("GET", "/failures?since=2026-11-23T00:00:00Z&until=2026-11-24&type=task_timeout&worker=w-1&task=t-1", null, 200)]
    [InlineData("GET", "/failures/stale?worker=w-1&task=t-1&limit=5", null, 200)]
    [InlineData("GET", "/failures/statistics", null, 200)]
    [InlineData("GET", "/policy/rules", null, 200)]
    [InlineData("GET", "/policy/settings", null, 200)]
    [InlineData("GET", "/policy/test?type=task_timeout&worker=w-1&task=t-1&queue=cpu_batch", null, 200)]
    [InlineData("GET", "/queues", null, 200)]
    [InlineData("GET", "/queues/cpu_standard?state=queued", null, 200)]
    [InlineData("POST", "/queues/cpu_standard/pause", """{"reason":"a bad model"}""", 200)]
    [InlineData("POST", "/queues/cpu_standard/resume", """{"reason":"fixed"}""", 200)]
    [InlineData("GET", "/queues/cpu_standard/limits", null, 200)]
    [InlineData("GET", "/alerts?state=active&severity=warning&component=w-1&limit=5&after=18", null, 200)]
    [InlineData("GET", "/alerts/17", null, 200)]
    [InlineData("POST", "/alerts/17/acknowledge", """{"note":"on it"}""", 200)]
    [InlineData("POST", "/alerts/17/unacknowledge", "{}", 200)]
    [InlineData("GET", "/alerts/settings", null, 200)]
    [InlineData("GET", "/alerts/webhooks", null, 200)]
    [InlineData("POST", "/alerts/test-webhook", """{"webhook":"ops"}""", 200)]
    [InlineData(
        "POST",
        "/alerts/settings",
        """
        {"raise_after_seconds":5,"resolve_after_seconds":5,"queue_age_seconds":60,"flapping_losses":3,"failure_rate":0.5,
        "failure_rate_attempts":9,"store_latency_seconds":1,"store_use":0.9,"reset":[],"off":["worker_lost"],"on":[],"reason":"x"}
        """,
        200)]
    [InlineData("GET", "/audit?by=anna&action=queue_pause&target=cpu_standard&since=2026-11-23&until=2026-11-24&limit=5", null, 200)]
    [InlineData(
        "POST",
        "/queues/cpu_standard/limits",
        """{"per_worker":3,"weight":0.5,"timeout_seconds":60,"unserved_after_seconds":5,"reset":["timeout"],"reason":"more"}""",
        200)]
    public async Task Should_answer_when_the_input_is_good(string method, string path, string? body, int status)
    {
        var answer = await Http.Call(method, "/api/v1" + path, body);

        Assert.True(answer.Status == status, answer.Body.ToString());
        Assert.Equal("application/json", answer.MediaType);
    }

    [Theory]
    [InlineData("POST", "/tasks", "{}", "queue", "is required")]
    [InlineData("POST", "/tasks", """{"queue":"no_such"}""", "queue", "must be one of gpu_priority, gpu_fallback, cpu_standard, cpu_batch")]
    [InlineData("POST", "/tasks", """{"queue":7}""", "queue", "must be a text")]
    [InlineData("POST", "/queues/cpu_batch/pause", "{}", "reason", "is required")]
    [InlineData("GET", "/alerts?state=sing", null, "state", "must be one of active")]
    [InlineData("GET", "/alerts?severity=loud", null, "severity", "must be one of info")]
    [InlineData("GET", "/alerts?after=x", null, "after", "must be the number of an alert")]
    [InlineData("GET", "/alerts/worker_lost:w", null, "alert", "must be the number of an alert")]
    [InlineData("POST", "/alerts/settings", """{"off":["sing"],"reason":"x"}""", "off[0]", "must be one of breaker_open")]
    [InlineData("POST", "/alerts/settings", """{"queue_age_seconds":5}""", "reason", "is required")]
    [InlineData("GET", "/audit?action=sing", null, "action", "must be one of worker_drain")]
    [InlineData("GET", "/audit?format=xml", null, "format", "must be csv or json")]
    [InlineData("GET", "/audit?after=x", null, "after", "must be taken from the Link header")]
    [InlineData("POST", "/queues/cpu_batch/resume", """{"reason":" "}""", "reason", "must not be empty")]
    [InlineData("POST", "/queues/cpu_batch/limits", """{"reset":["no_such"],"reason":"x"}""", "reset[0]", "must be one of per_worker")]
    [InlineData("POST", "/queues/$/pause", """{"reason":"x"}""", "queue", "1 to 128 characters")]
    [InlineData(
        "POST",
        "/tasks",
        """[{"queue":"cpu_batch"},{"queue":"cpu_batch","max_retries":101}]""",
        "[1].max_retries",
        "must be 0 to 100")]
    [InlineData("POST", "/tasks", """[{"queue":"cpu_batch"},null]""", "[1]", "must be an object")]
    [InlineData("POST", "/tasks", "[]", null, "1 to 1000 entries")]
    [InlineData("POST", "/tasks", "null", null, "must be an object")]
    [InlineData("POST", "/tasks", "7", null, "must be an object")]
    [InlineData("POST", "/tasks", """{"queue":"cpu_batch","task_id":"../etc"}""", "task_id", "1 to 128 characters")]
    [InlineData("POST", "/tasks", """{"queue":"cpu_batch","task_id":5}""", "task_id", "1 to 128 characters")]
    [InlineData(
        "POST",
        "/tasks",
        """{"queue":"cpu_batch","priority":4}""",
        "priority",
        "10 (urgent), 8 (high), 5 (normal), 3 (low), 1 (batch)")]
    [InlineData("POST", "/tasks", """{"queue":"cpu_batch","priority":"asap"}""", "priority", "10 (urgent)")]
    [InlineData("POST", "/tasks", """{"queue":"cpu_batch","timeout_seconds":0}""", "timeout_seconds", "must be 1 to 2592000")]
    [InlineData("POST", "/tasks", """{"queue":"cpu_batch","timeout_seconds":1e999}""", "timeout_seconds", "must be a number")]
    [InlineData("POST", "/tasks", """{"queue":"cpu_batch","max_retries":1.5}""", "max_retries", "must be a whole number")]
    [InlineData("POST", "/tasks", """{"queue":"cpu_batch","max_retries":99999999999}""", "max_retries", "must be a whole number")]
    [InlineData("POST", "/tasks", """{"queue":"cpu_batch","quality":[]}""", "quality", "must be an object")]
    [InlineData("POST", "/tasks", """{"queue":"cpu_batch","resource_requirements":5}""", "resource_requirements", "must be an object")]
    [InlineData(
        "POST",
        "/tasks",
        """{"queue":"cpu_batch","resource_requirements":{"memory_gb":-1}}""",
        "resource_requirements.memory_gb",
        "must be 0 to 1000000")]
    [InlineData(
        "POST",
        "/tasks",
        """{"queue":"cpu_batch","resource_requirements":{"gpu_required":"yes"}}""",
        "resource_requirements.gpu_required",
        "must be true or false")]
    [InlineData("POST", "/tasks", """{"queue":"cpu_batch","content_type":"\ud800"}""", "content_type", "Unicode")]
    [InlineData(
        "GET",
        "/tasks?state=lost",
        null,
        "state",
        "must be one of queued, delayed, leased, deciding, succeeded, parked, cancelled")]
    [InlineData("GET", "/tasks?queue=none", null, "queue", "must be one of gpu_priority")]
    [InlineData("GET", "/tasks?limit=1001", null, "limit", "1 to 1000")]
    [InlineData("GET", "/tasks?limit=-1", null, "limit", "1 to 1000")]
    [InlineData("GET", "/tasks?after=%20", null, "after", "1 to 128 characters")]
    [InlineData("GET", "/tasks/..%2F..%2Fetc%2Fpasswd", null, "task_id", "1 to 128 characters")]
    [InlineData("GET", "/tasks/%C3%A4", null, "task_id", "1 to 128 characters")]
    [InlineData("GET", "/tasks/%2e%2e%2f/explain", null, "task_id", "1 to 128 characters")]
    [InlineData("POST", "/tasks/t-1/requeue", "{}", "reason", "is required")]
    [InlineData("POST", "/tasks/t-1/requeue", """{"reason":"  "}""", "reason", "must not be empty")]
    [InlineData("POST", "/tasks/requeue", """{"reason":"x"}""", "filter", "is required")]
    [InlineData("POST", "/tasks/requeue", """{"filter":{"state":"queued"},"reason":"x"}""", "filter.state", "only parked")]
    [InlineData("POST", "/tasks/requeue", """{"filter":{"que":"cpu_batch"},"reason":"x"}""", "filter.que", "is not a field of this call")]
    [InlineData("POST", "/tasks/cancel", """{"filter":{},"reason":"x"}""", "filter", "at least one")]
    [InlineData(
        "POST",
        "/tasks/cancel",
        """{"filter":{"queue":"cpu_batch"},"reason":"x","dryrun":true}""",
        "dryrun",
        "is not a field of this call")]
    [InlineData("POST", "/tasks/t-1/extend", """{"worker_id":"w","epoch":1,"seconds":0}""", "seconds", "must be 1 to 86400")]
    [InlineData("POST", "/tasks/t-1/progress", """{"worker_id":"w","epoch":1,"percent":100.1}""", "percent", "must be 0 to 100")]
    [InlineData("POST", "/tasks/t-1/progress", """{"worker_id":"w","epoch":1,"percent":"NaN"}""", "percent", "must be a number")]
    [InlineData("POST", "/tasks/t-1/progress", """{"worker_id":"w","percent":40}""", "epoch", "is required")]
    [InlineData("POST", "/tasks/t-1/release", """{"worker_id":"w"}""", "epoch", "is required")]
    [InlineData("POST", "/tasks/t-1/complete", """{"worker_id":"w","epoch":-1}""", "epoch", "must be a whole number, 0 or more")]
    [InlineData(
        "POST",
        "/tasks/t-1/fail",
        """{"worker_id":"w","epoch":1,"failure_type":"bad_luck","error_message":""}""",
        "failure_type",
        "worker_offline, worker_overloaded, network_failure, task_timeout, processing_error, resource_exhaustion, authentication_failure")]
    [InlineData("POST", "/tasks/t-1/fail", """{"worker_id":"w","epoch":1,"failure_type":"task_timeout"}""", "error_message", "is required")]
    [InlineData(
        "POST",
        "/tasks/t-1/fail",
        """{"worker_id":"w","epoch":1,"failure_type":"task_timeout","error_message":"x","context":"y"}""",
        "context",
        "must be an object")]
    [InlineData(
        "POST",
        "/tasks",
        """{"queue":"cpu_standard","traceparent":"00-0-0-01"}""",
        "traceparent",
        "must be a traceparent of version 00")]
    [InlineData("POST", "/workers/register", "{}", "registration", "is required")]
    [InlineData("POST", "/workers/register", """{"registration":{"capability":"gpu"}}""", "registration.worker_id", "is required")]
    [InlineData("POST", "/workers/register", """{"registration":{"worker_id":"w"}}""", "registration.capability", "is required")]
    [InlineData(
        "POST",
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"tpu"}}""",
        "registration.capability",
        "must be one of cpu, gpu, hybrid")]
    [InlineData(
        "POST",
        "/workers/register",
        """{"registration":{"worker_id":"Stats","capability":"cpu"}}""",
        "registration.worker_id",
        "must not be \"stats\" or \"register\", which are names of calls")]
    [InlineData(
        "POST",
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"cpu","hardware":{"cpu_cores":-2}}}""",
        "registration.hardware.cpu_cores",
        "must be 0 to")]
    [InlineData(
        "POST",
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"cpu","tags":"a"}}""",
        "registration.tags",
        "must be an object")]
    [InlineData(
        "POST",
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"cpu","tags":["a"]}}""",
        "registration.tags",
        "must be an object")]
    [InlineData(
        "POST",
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"cpu","tags":{"site":null}}}""",
        "registration.tags.site",
        "is required")]
    [InlineData(
        "POST",
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"cpu","tags":{"site":5}}}""",
        "registration.tags.site",
        "must be a text")]
    [InlineData(
        "POST",
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"cpu","tags":{"":"x"}}}""",
        "registration.tags",
        "must not have an empty key")]
    [InlineData(
        "POST",
        "/workers/register",
        """{"registration":{"worker_id":"w:highestSequenceNr","capability":"cpu"}}""",
        "registration.worker_id",
        "not ending with :highestSequenceNr")]
    [InlineData("GET", "/workers/w:highestSequenceNr", null, "worker_id", "not ending with :highestSequenceNr")]
    [InlineData(
        "POST",
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"cpu","queues":["gpu"]}}""",
        "registration.queues[0]",
        "must be one of gpu_priority")]
    [InlineData("POST", "/workers/w-1/heartbeat", "{}", "status", "is required")]
    [InlineData(
        "POST",
        "/tasks/cancel",
        """{"filter":{"queue":"cpu_batch"},"dry_run":true,"dry_run":false}""",
        "dry_run",
        "is given more than once")]
    [InlineData(
        "POST",
        "/tasks/cancel",
        """{"filter":{"queue":"cpu_batch","queue":"transcode"},"dry_run":true}""",
        "filter.queue",
        "is given more than once")]
    [InlineData(
        "POST",
        "/tasks",
        """[{"queue":"cpu_batch"},{"queue":"cpu_batch","queue":"cpu_batch"}]""",
        "[1].queue",
        "is given more than once")]
    [InlineData("POST", "/tasks", """{"queue":"cpu_batch","payload":1,"pay\u006coad":2}""", "payload", "is given more than once")]
    [InlineData(
        "POST",
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"cpu","tags":{"a":"1","a":"2"}}}""",
        "registration.tags.a",
        "is given more than once")]
    [InlineData(
        "POST",
        "/workers/w-1/heartbeat",
        """{"status":"online","worker_id":"w-2"}""",
        "worker_id",
        "must equal the worker in the path")]
    [InlineData("POST", "/workers/w-1/heartbeat", """{"status":"online","timestamp":"yesterday"}""", "timestamp", "ISO-8601")]
    [InlineData("POST", "/workers/w-1/heartbeat", """{"status":"online","held":[{"task_id":"t"}]}""", "held[0].epoch", "is required")]
    [InlineData("POST", "/workers/w-1/lease", """{"max_tasks":0}""", "max_tasks", "must be 1 to 1000")]
    [InlineData("POST", "/workers/w-1/lease", """{"wait_seconds":31}""", "wait_seconds", "must be 0 to 30")]
    [InlineData("POST", "/workers/w-1/results", """{"task_id":"t"}""", null, "must be an array")]
    [InlineData(
        "POST",
        "/workers/w-1/results",
        """[{"task_id":"t","epoch":1},{"task_id":"t","epoch":1,"error_message":"x"}]""",
        "[1].failure_type",
        "is required")]
    [InlineData("POST", "/workers/w-1/successes", """[{"task_id":"t","duration_seconds":-1}]""", "[0].duration_seconds", "must be 0 to")]
    [InlineData("POST", "/workers/w-1/drain", """{"deadline_seconds":5}""", "reason", "is required")]
    [InlineData("POST", "/workers/w-1/offline", """{"reason":"x","affected_tasks":["a b"]}""", "affected_tasks[0]", "1 to 128 characters")]
    [InlineData("POST", "/workers/w-1/breaker", """{"action":"toggle","reason":"x"}""", "action", "must be one of open, close, reset")]
    [InlineData("GET", "/workers/a%20b", null, "worker_id", "1 to 128 characters")]
    [InlineData("GET", "/workers/w-1/session?instance_id=a%20b", null, "instance_id", "1 to 128 characters")]
    [InlineData("POST", "/failures", """{"failure_type":"task_timeout","error_message":"x"}""", "task_id", "is required")]
    [InlineData("GET", "/failures?since=soon", null, "since", "ISO-8601")]
    [InlineData("GET", "/failures?after=!!", null, "after", "Link header")]
    [InlineData("GET", "/failures?type=x", null, "type", "must be one of worker_offline")]
    public async Task Should_name_the_field_and_the_rule_when_the_input_is_bad(
        string method,
        string path,
        string? body,
        string? field,
        string rule)
    {
        var answer = await Http.Call(method, "/api/v1" + path, body);

        AssertProblem(answer, 400);
        Assert.Equal(field, answer.Text("field") is { Length: > 0 } named ? named : null);
        Assert.Contains(rule, answer.Text("detail"), StringComparison.Ordinal);
    }

    /// <summary>The entity of a worker that is offline may have started since it last heard of it; the directory still knows.</summary>
    [Fact]
    public async Task Should_show_when_a_worker_was_last_heard_of_as_the_list_does()
    {
        var answer = await Http.Call("GET", "/api/v1/workers/w-1");

        Assert.Equal(GoodOwners.Time, answer.Body.GetProperty("last_heartbeat").GetDateTimeOffset());
    }

    /// <summary>The command line ends with the same exit code as for a path that does not exist.</summary>
    [Theory]
    [InlineData("POST", "/tasks", """{"queue":"no_such"}""")]
    [InlineData("POST", "/tasks/t-1/requeue", """{"reason":"x","queue":"no_such"}""")]
    [InlineData("POST", "/tasks/cancel", """{"filter":{"queue":"no_such"},"reason":"x"}""")]
    [InlineData("GET", "/tasks?queue=no_such", null)]
    [InlineData("POST", "/workers/register", """{"registration":{"worker_id":"w","capability":"cpu","queues":["no_such"]}}""")]
    [InlineData("POST", "/workers/w-1/lease", """{"queues":["no_such"]}""")]
    public async Task Should_tell_an_unknown_queue_from_other_bad_input(string method, string path, string? body)
    {
        var answer = await Http.Call(method, "/api/v1" + path, body);

        AssertProblem(answer, 400);
        Assert.Equal("urn:morag-failover:problem:unknown_queue", answer.Text("type"));
    }

    [Theory]
    [InlineData("/tasks", """{"queue":"cpu_batch","payload":@}""", "payload")]
    [InlineData("/tasks", """[{"queue":"cpu_batch"},{"queue":"cpu_batch","quality":{"a":@}}]""", "[1].quality")]
    [InlineData("/tasks/t-1/complete", """{"worker_id":"w","epoch":1,"result":@}""", "result")]
    [InlineData(
        "/tasks/t-1/fail",
        """{"worker_id":"w","epoch":1,"failure_type":"task_timeout","error_message":"x","context":{"a":@}}""",
        "context")]
    [InlineData("/tasks/t-1/requeue", """{"reason":"x","quality":{"a":@}}""", "quality")]
    [InlineData("/workers/w-1/results", """[{"task_id":"t","epoch":1,"result":@}]""", "[0].result")]
    [InlineData("/failures", """{"task_id":"t","failure_type":"task_timeout","error_message":"x","context":{"a":@}}""", "context")]
    public async Task Should_name_the_field_and_the_limit_when_json_is_nested_too_deep(string path, string body, string field)
    {
        foreach (var depth in (int[])[57, 62, 63, 64, 65, 1_000])
        {
            var nested = new string('[', depth) + new string(']', depth);

            var answer = await Http.Call("POST", "/api/v1" + path, body.Replace("@", nested, StringComparison.Ordinal));

            AssertProblem(answer, 400);
            Assert.Equal((field, "may be nested at most 56 levels deep"), (answer.Text("field"), answer.Text("detail")));
        }
    }

    [Fact]
    public async Task Should_count_the_bytes_of_a_payload_and_not_its_characters()
    {
        var tooLarge = JsonSerializer.Serialize(new { queue = "cpu_batch", payload = new string('ä', 131_072) });
        var largest = JsonSerializer.Serialize(new { queue = "cpu_batch", payload = new string('ä', 131_071) });

        var answer = await Http.Call("POST", "/api/v1/tasks", tooLarge);

        AssertProblem(answer, 400);
        Assert.Equal(
            ("payload", "may have at most 262144 bytes as compact JSON in UTF-8, not 262146"),
            (answer.Text("field"), answer.Text("detail")));
        Assert.Equal(202, (await Http.Call("POST", "/api/v1/tasks", largest)).Status);
    }

    [Theory]
    [InlineData("POST", "/tasks", """{"queue":"cpu_batch","content_type":"@"}""", "content_type", 200)]
    [InlineData(
        "POST",
        "/tasks/t-1/fail",
        """{"worker_id":"w","epoch":1,"failure_type":"task_timeout","error_message":"@"}""",
        "error_message",
        8192)]
    [InlineData("POST", "/failures", """{"task_id":"t","failure_type":"task_timeout","error_message":"@"}""", "error_message", 8192)]
    [InlineData("POST", "/tasks/t-1/requeue", """{"reason":"@"}""", "reason", 1000)]
    [InlineData("POST", "/workers/w-1/drain", """{"reason":"@"}""", "reason", 1000)]
    [InlineData(
        "POST",
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"cpu","name":"@"}}""",
        "registration.name",
        200)]
    [InlineData(
        "POST",
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"cpu","tags":{"site":"@"}}}""",
        "registration.tags.site",
        200)]
    [InlineData(
        "POST",
        "/workers/register",
        """{"registration":{"worker_id":"w","capability":"cpu","location":{"hostname":"@"}}}""",
        "registration.location.hostname",
        255)]
    public async Task Should_count_the_bytes_of_a_text_and_not_its_characters(
        string method,
        string path,
        string body,
        string field,
        int limit)
    {
        var text = new string('\u20ac', (limit / 3) + 1);

        var answer = await Http.Call(method, "/api/v1" + path, body.Replace("@", text, StringComparison.Ordinal));

        AssertProblem(answer, 400);
        Assert.Equal(
            (field, $"may have at most {limit} bytes in UTF-8, not {3 * text.Length}"),
            (answer.Text("field"), answer.Text("detail")));
    }

    [Fact]
    public async Task Should_refuse_texts_that_are_too_long_when_they_are_sent()
    {
        var longId = new string('a', 129);
        AssertProblem(await Http.Call("GET", $"/api/v1/tasks/{longId}"), 400);

        var answer = await Http.Call("POST", "/api/v1/failures", JsonSerializer.Serialize(
            new { task_id = "t", failure_type = "task_timeout", error_message = new string('x', 8_193) }));
        AssertProblem(answer, 400);
        Assert.Equal("error_message", answer.Text("field"));

        answer = await Http.Call("POST", "/api/v1/tasks", JsonSerializer.Serialize(
            new { queue = "cpu_batch", payload = new string('x', 256 * 1024) }));
        AssertProblem(answer, 400);
        Assert.Equal("payload", answer.Text("field"));

        answer = await Http.Call("POST", "/api/v1/tasks", JsonSerializer.Serialize(
            Enumerable.Repeat(new { queue = "cpu_batch" }, 1_001)));
        AssertProblem(answer, 400);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("hello")]
    [InlineData("""{"queue":"cpu_batch"} trailing""")]
    [InlineData("""{'queue':'cpu_batch'}""")]
    public async Task Should_say_so_when_the_body_is_not_JSON(string body)
    {
        var answer = await Http.Call("POST", "/api/v1/tasks", body);

        AssertProblem(answer, 400);
        Assert.EndsWith("not_json", answer.Text("type"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { (byte)'"', 0xff, 0xfe, (byte)'"' })]
    [InlineData(new byte[] { (byte)'"', (byte)'\\', (byte)'u', (byte)'d', (byte)'8', (byte)'0', (byte)'0', (byte)'"' })]
    public async Task Should_refuse_the_payload_when_it_is_not_Unicode(byte[] payload)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tasks")
        {
            Content = new ByteArrayContent([.. """{"queue":"cpu_batch","payload":"""u8, .. payload, (byte)'}']),
        };
        request.Content.Headers.ContentType = new("application/json");

        AssertProblem(await Http.Send(request), 400);
    }

    [Theory]
    [InlineData("/api/v1/tasks")]
    [InlineData("/api/v1/workers/w-1/heartbeat")]
    [InlineData("/api/v1/workers/w-1/results")]
    public async Task Should_refuse_the_body_when_it_has_10_MB(string path)
    {
        var answer = await Http.Call("POST", path, "[\"" + new string('x', 10_000_000) + "\"]");

        AssertProblem(answer, 413);
        Assert.Equal(200, (await Http.Call("GET", "/api/v1/tasks")).Status);
    }

    [Fact]
    public async Task Should_refuse_the_body_when_it_is_of_another_type_or_missing()
    {
        using var form = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tasks") { Content = new StringContent("{}") };
        AssertProblem(await Http.Send(form), 415);
        AssertProblem(await Http.Call("POST", "/api/v1/tasks", ""), 400);
        using var nothing = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tasks");
        AssertProblem(await Http.Send(nothing), 415);
    }

    [Theory]
    [InlineData("GET", "/api/v1/nothing", 404)]
    [InlineData("GET", "/api/v1/tasks/a/b/c", 404)]
    [InlineData("PUT", "/api/v1/tasks", 405)]
    [InlineData("GET", "/", 404)]
    public async Task Should_answer_with_problem_details_when_there_is_no_such_call(string method, string path, int status) =>
        AssertProblem(await Http.Call(method, path), status);

    [Fact]
    public async Task Should_keep_a_payload_as_it_is_when_it_gives_a_field_twice()
    {
        var answer = await Http.Call(
            "POST",
            "/api/v1/tasks",
            """{"task_id":"twice","queue":"cpu_batch","payload":{"a":1,"a":[{"b":2,"b":3}]}}""");

        Assert.True(answer.Status == 202, answer.Body.ToString());
        Assert.Equal(
            """{"a":1,"a":[{"b":2,"b":3}]}""",
            Http.Owners.Received<SubmitTasks>()
                .SelectMany(message => message.Tasks)
                .Single(task => task.TaskId.Value == "twice")
                .Payload.Raw);
    }

    [Fact]
    public async Task Should_hand_the_owner_what_was_sent_when_a_task_is_submitted()
    {
        var answer = await Http.Call(
            "POST",
            "/api/v1/tasks",
            """{"task_id":"handed-over","queue":"gpu_priority","priority":"high","payload": { "a" : [1, 2] }"""
            + ""","timeout_seconds":90,"content_type":"video/mp4"}""");

        Assert.Equal("handed-over", answer.Text("task_id"));
        Assert.Equal("queued", answer.Text("state"));
        Assert.Equal("/api/v1/tasks/handed-over", answer.Headers["Location"]);
        var task = Http.Owners.Received<SubmitTasks>()
            .SelectMany(submit => submit.Tasks)
            .Single(task => task.TaskId.Value == "handed-over");
        Assert.Equal(TaskPriority.High, task.Priority);
        Assert.Equal("""{"a":[1,2]}""", task.Payload.Raw);
        Assert.Equal(TimeSpan.FromSeconds(90), task.Timeout);
        Assert.Equal("video/mp4", task.ContentType);
    }

    [Fact]
    public async Task Should_make_up_ids_in_the_order_of_time_when_none_are_given()
    {
        var first = await Http.Call("POST", "/api/v1/tasks", """{"queue":"cpu_batch"}""");
        var second = await Http.Call("POST", "/api/v1/tasks", """{"queue":"cpu_batch"}""");

        Assert.NotEqual(first.Text("task_id"), second.Text("task_id"));
        Assert.Matches("^[0-9a-f]{32}$", first.Text("task_id"));
        Assert.InRange(string.CompareOrdinal(first.Text("task_id")![..12], second.Text("task_id")![..12]), int.MinValue, 0);
    }

    [Fact]
    public async Task Should_report_as_the_lease_holder_when_a_worker_fails_its_task()
    {
        await Http.Call(
            "POST",
            "/api/v1/tasks/failed-by-holder/fail",
            """{"worker_id":"w-1","epoch":4,"failure_type":"network_failure","error_message":"cut","instance_id":"i-1"}""");

        var report = Http.Owners.Received<ReportFailure>().Single(report => report.TaskId.Value == "failed-by-holder");
        Assert.Equal((ReportSource.LeaseHolder, 4L, "i-1"), (report.Source, report.Epoch!.Value.Value, report.InstanceId!.Value.Value));
    }

    [Fact]
    public async Task Should_tell_a_missing_list_from_an_empty_one_when_a_heartbeat_comes()
    {
        await Http.Call("POST", "/api/v1/workers/no-list/heartbeat", """{"status":"busy"}""");
        await Http.Call("POST", "/api/v1/workers/empty-list/heartbeat", """{"status":"busy","held":[]}""");

        Assert.False(Http.Owners.Received<Heartbeat>().Single(beat => beat.WorkerId.Value == "no-list").ListsHeld);
        Assert.True(Http.Owners.Received<Heartbeat>().Single(beat => beat.WorkerId.Value == "empty-list").ListsHeld);
    }

    [Fact]
    public async Task Should_take_a_heartbeat_of_a_worker_that_holds_as_many_tasks_as_one_may()
    {
        var start = new string('t', 120);
        var held = string.Join(",\n  ", Enumerable.Range(0, WorkerLimits.MaxConcurrentTasks).Select(
            number => $$"""{ "task_id": "{{start}}{{number:00000000}}", "epoch": 9007199254740991, "progress": 0.12345678901234567 }"""));

        var answer = await Http.Call("POST", "/api/v1/workers/full/heartbeat", $$"""{ "status": "busy", "held": [{{held}}] }""");

        Assert.Equal(200, answer.Status);
        Assert.Equal(
            WorkerLimits.MaxConcurrentTasks,
            Http.Owners.Received<Heartbeat>().Single(beat => beat.WorkerId.Value == "full").Held.Length);
    }

    [Fact]
    public async Task Should_answer_with_every_decision_when_a_worker_is_taken_offline()
    {
        var answer = await Http.Call("POST", "/api/v1/workers/lost/offline", """{"reason":"fire","affected_tasks":["elsewhere","t-1"]}""");

        Assert.Equal(
            ["t-1", "t-2", "elsewhere"],
            answer.Body.EnumerateArray().Select(decision => decision.GetProperty("task_id").GetString()));
        var report = Http.Owners.Received<ReportFailure>().Single(report => report.TaskId.Value == "elsewhere");
        Assert.Equal((FailureType.WorkerOffline, "loss-1"), (report.FailureType, report.LossId!.Value.Value));
    }

    [Fact]
    public async Task Should_keep_serving_when_good_and_bad_calls_come_at_once()
    {
        var calls = Enumerable.Range(0, 400).Select(number => (number % 4) switch
        {
            0 => Http.Call("POST", "/api/v1/tasks", "{"),
            1 => Http.Call("POST", "/api/v1/tasks", """{"queue":"cpu_batch"}"""),
            2 => Http.Call("GET", "/api/v1/tasks/a%20b"),
            _ => Http.Call("GET", "/api/v1/workers"),
        });
        var answers = await Task.WhenAll(calls);

        Assert.Equal(
            [(200, 100), (202, 100), (400, 200)],
            answers.GroupBy(answer => answer.Status).OrderBy(group => group.Key).Select(group => (group.Key, group.Count())));
    }

    private static void AssertProblem(HttpAnswer answer, int status)
    {
        Assert.True(answer.Status == status, $"{answer.Status}: {answer.Body}");
        Assert.Equal("application/problem+json", answer.MediaType);
        Assert.Equal(status, answer.Body.GetProperty("status").GetInt32());
        Assert.NotEqual("", answer.Text("type"));
        Assert.NotEqual("", answer.Text("title"));
        Assert.NotEqual("", answer.Text("detail"));
    }

    public sealed class Node : IAsyncLifetime
    {
        public HttpNode Http { get; private set; } = null!;

        public async Task InitializeAsync() => Http = await HttpNode.Start();

        public async Task DisposeAsync() => await Http.DisposeAsync();
    }
}
