/*
 * own_service.c: a thread that runs tasks one after the other, and its devices.
 */
#include "own_service.h"

void copy_text(char *to, size_t size, const char *text)
{
  snprintf(to, size, "%s", text ? text : "");
}

struct task *new_task(struct device *device, void (*run)(struct task *), nertc_callkit_req req)
{
  struct task *task = calloc(1, sizeof *task);
  if (task) {
    task->run = run;
    task->device = device;
    task->req = req;
  }
  return task;
}

uint64_t post(struct task *task)
{
  own_service *service = task->device->service;
  uint64_t number;
  pthread_mutex_lock(&service->lock);
  if (service->last) {
    service->last->next = task;
  } else {
    service->first = task;
  }
  service->last = task;
  number = ++service->posted;
  pthread_cond_broadcast(&service->changed);
  pthread_mutex_unlock(&service->lock);
  return number;
}

void wait_for_task(own_service *service, uint64_t number)
{
  pthread_mutex_lock(&service->lock);
  while (service->finished < number) {
    pthread_cond_wait(&service->changed, &service->lock);
  }
  pthread_mutex_unlock(&service->lock);
}

static void *serve(void *argument)
{
  own_service *service = argument;
  pthread_mutex_lock(&service->lock);
  for (;;) {
    struct task *task = service->first;
    if (!task) {
      if (service->stop) {
        break;
      }
      pthread_cond_wait(&service->changed, &service->lock);
      continue;
    }
    service->first = task->next;
    if (!service->first) {
      service->last = NULL;
    }
    pthread_mutex_unlock(&service->lock);
    task->run(task);
    free(task->custom_info);
    free(task);
    pthread_mutex_lock(&service->lock);
    service->finished++;
    pthread_cond_broadcast(&service->changed);
  }
  pthread_mutex_unlock(&service->lock);
  return NULL;
}

own_service *own_service_start(void)
{
  own_service *service = calloc(1, sizeof *service);
  if (!service) {
    return NULL;
  }
  pthread_mutex_init(&service->lock, NULL);
  pthread_cond_init(&service->changed, NULL);
  if (pthread_create(&service->thread, NULL, serve, service) != 0) {
    free(service);
    return NULL;
  }
  return service;
}

void own_service_stop(own_service *service)
{
  if (!service) {
    return;
  }
  pthread_mutex_lock(&service->lock);
  service->stop = 1;
  pthread_cond_broadcast(&service->changed);
  pthread_mutex_unlock(&service->lock);
  pthread_join(service->thread, NULL);
  pthread_cond_destroy(&service->changed);
  pthread_mutex_destroy(&service->lock);
  free(service);
}

int own_backends_make(own_service *service, nertc_callkit_backends *out)
{
  struct device *device = NULL;
  int i;
  pthread_mutex_lock(&service->lock);
  for (i = 0; i < DEVICES && !device; i++) {
    if (service->devices[i].users == 0) {
      device = &service->devices[i];
      memset(device, 0, sizeof *device);
      device->service = service;
      device->users = 2;
    }
  }
  pthread_mutex_unlock(&service->lock);
  if (device) {
    own_signaling_make(device, out);
    own_rtc_make(device, out);
  }
  return device != NULL;
}

void leave_device(struct device *device)
{
  pthread_mutex_lock(&device->service->lock);
  device->users--;
  pthread_mutex_unlock(&device->service->lock);
}
